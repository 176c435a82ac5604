"""Fixtures of the process tests: a Redis of each test's own, its keys, and the shop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.redis_server import EmbeddedRedisError
from tests.conftest import NO_REAL_SERVER
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, RedisServer, keys_of


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real server that the test may kill."""
    server = RedisServer(tmp_path / "redis-server")
    try:
        server.start()
    except EmbeddedRedisError as error:
        if "No Redis was found" in str(error):
            pytest.skip(NO_REAL_SERVER)
        raise
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def keys(redis_server: RedisServer) -> Iterator[Keys]:
    """The keys of the default instance on that server."""
    with keys_of(redis_server.url) as keys:
        yield keys


@pytest.fixture
def shop(tmp_path: Path) -> FileShop:
    """The shop's plan and world."""
    return FileShop(tmp_path / "shop")

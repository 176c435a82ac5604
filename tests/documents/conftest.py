"""One stage for all blocks of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.redis_server import EmbeddedRedisError
from tests.conftest import NO_REAL_SERVER
from tests.documents.stage import Stage, staged
from tests.processes.redis_place import RedisServer, keys_of


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A folder with a daemon at level 2, for the whole session."""
    folder: Path = tmp_path_factory.mktemp("stage")
    server = RedisServer(folder / "redis-server")
    try:
        server.start()
    except EmbeddedRedisError as error:
        if "No Redis was found" in str(error):
            pytest.skip(NO_REAL_SERVER)
        raise
    try:
        with keys_of(server.url) as keys, staged(folder, server, keys) as stage:
            yield stage
    finally:
        server.stop()

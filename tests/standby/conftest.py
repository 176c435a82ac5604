"""Fixtures of the standby's tests: one PostgreSQL and one Redis a module, a schema and an instance a test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from tests.postgres_server import PostgresServer, postgres_server
from tests.processes.conftest import redis_server  # noqa: F401 - a fixture
from tests.processes.redis_place import RedisServer
from tests.standby.pair import Pair

_SCHEMAS: Final = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One PostgreSQL for a module."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def pair(tmp_path: Path, server: PostgresServer, redis_server: RedisServer) -> Pair:  # noqa: F811 - a fixture
    """Two machines on one journal, nothing started."""
    return Pair(tmp_path, server, redis_server, f"pair_{next(_SCHEMAS)}")

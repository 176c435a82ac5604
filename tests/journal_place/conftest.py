"""What the tests of a journal's place share: a PostgreSQL for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres_server import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for all tests of a module; each has its own schema."""
    with postgres_server() as running:
        yield running

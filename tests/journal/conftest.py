"""Fixtures of the journal in PostgreSQL: a server for each module, a schema for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.postgres_journal import PostgresPlace
from tests.journal.postgres_places import fresh_place
from tests.postgres_server import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One server for all tests of a module; each has its own schema."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def place(server: PostgresServer) -> PostgresPlace:
    """A schema of its own."""
    return fresh_place(server)

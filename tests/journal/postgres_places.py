"""Journals in PostgreSQL for tests: a schema each, opened, asked and disturbed by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final

import psycopg

from adapters.postgres_journal import JournalLimits, PostgresJournal, PostgresPlace, connect, ensure_schema
from config.secret import Secret
from tests.contracts.journal import SetClock
from tests.postgres_server import OWNER, PostgresServer
from tests.processes.waiting import until

_NUMBERS: Final = count(1)


def fresh_place(server: PostgresServer, port: int | None = None, *, statement_timeout_s: int = 10) -> PostgresPlace:
    """A schema that nobody has used; through another port where a proxy stands before the server."""
    url = f"postgresql://{OWNER}@127.0.0.1:{port or server.port}/postgres"
    return PostgresPlace(Secret(url), f"journal_{next(_NUMBERS)}", 2, statement_timeout_s)


@asynccontextmanager
async def opened(
    place: PostgresPlace, *, fencing: int | None = None, fold_version: int = 1, **limits: Any
) -> AsyncIterator[PostgresJournal]:
    """An open journal, closed at the end."""
    journal = await PostgresJournal.open(
        place, clock=SetClock(), fold_version=fold_version, fencing=fencing, limits=JournalLimits(**limits)
    )
    try:
        yield journal
    finally:
        await journal.close()


def ask(place: PostgresPlace, statement: str) -> list[tuple[Any, ...]]:
    """What a person with psql sees; also changes what stands there."""
    with connect(place, "test") as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def take_over(place: PostgresPlace) -> int:
    """Another daemon takes the lead: the lease's next fencing token."""
    with connect(place, "test") as connection:
        ensure_schema(connection, place.schema)
        row = connection.execute("UPDATE lease SET fencing = fencing + 1 RETURNING fencing").fetchone()
    assert row is not None
    return int(row[0])


async def connection_given_up(journal: PostgresJournal) -> None:
    """Wait until the writer's connection is one that it waits for no longer."""
    store = journal._writer._store
    await asyncio.to_thread(until, lambda: not store.connection.is_usable, "the connection to be given up")


def held_open(place: PostgresPlace) -> psycopg.Connection[Any]:
    """A connection in a transaction, for a test that holds locks."""
    connection = connect(place, "test")
    connection.execute("SET idle_in_transaction_session_timeout = 0; BEGIN")
    return connection

"""Journal files for tests: written, reopened, and damaged by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from adapters.sqlite_journal import JournalLimits, SqliteJournal
from machines.ports.journal import PaymentSeen, Snapshot
from tests.contracts.journal import SetClock, proposal


@asynccontextmanager
async def opened(
    path: Path, clock: SetClock | None = None, limits: JournalLimits | None = None, fold_version: int = 1
) -> AsyncIterator[SqliteJournal]:
    """An open journal, closed at the end."""
    journal = await SqliteJournal.open(
        path, clock=clock or SetClock(), fold_version=fold_version, limits=limits or JournalLimits()
    )
    try:
        yield journal
    finally:
        await journal.close()


async def write_groups(path: Path, groups: int, size: int = 2, snapshot_at: int | None = None) -> None:
    """A journal of so many groups of `size` events; group n carries payment `p<n>`."""
    async with opened(path) as journal:
        for group in range(groups):
            await journal.append(
                [proposal(f"{group}.{part}") for part in range(size)], [PaymentSeen(f"p{group}", b"f", counted=True)]
            )
        if snapshot_at is not None:
            await journal.write_snapshot(Snapshot(snapshot_at, b"state"))


def alter(path: Path, statement: str, *parameters: object) -> None:
    """Change a closed file behind the journal's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, parameters)


def ask(path: Path, statement: str) -> list[tuple[object, ...]]:
    """What a person with a SQLite shell sees."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()

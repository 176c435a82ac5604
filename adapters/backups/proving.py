"""What a copy of a journal must be before it is kept, and before it takes the journal's name."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import Point, last_point
from adapters.sqlite_journal.opening import require_ours
from machines.upcasters import require_known


class Held(msgspec.Struct, frozen=True):
    """Which journal a file holds, and how far."""

    journal_id: str
    epoch: int
    schema: int
    end: Point


def held_by(journal: Path) -> Held:
    """What a file holds, all of it known to this solvent.

    Raises `JournalDamagedError`, `sqlite3.Error`, and `AssertionError` or `ValueError` for facts that are none.
    """
    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        require_ours(connection, journal)
        for kind, version in connection.execute("SELECT DISTINCT type, version FROM events"):
            require_known(kind, version)
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        journal_id, epoch = str(meta(connection, "journal_id")), int(meta(connection, "epoch") or 0)
        return Held(journal_id, epoch, schema, last_point(connection))

"""Proving a whole journal file, from its first stored event to its last."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from adapters.journal_rows.chain import ChainBreakError, checked
from adapters.journal_rows.reading import anchor, stored_events
from adapters.sqlite_journal.schema import connect

_PROGRESS_EVENTS = 10_000


def verify(path: Path, progress: Callable[[int, int], None] | None = None, busy_timeout_ms: int = 5_000) -> int | None:
    """The sequence number of the first damaged event; None where the whole chain holds.

    `progress(checked, total)` is called every 10,000 events and at the end. Safe beside a running daemon. Raises
    `sqlite3.DatabaseError` for a file that is no journal at all, `FileNotFoundError` where there is none.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no journal at {path}")
    connection = connect(path, busy_timeout_ms, read_only=True)
    try:
        connection.execute("BEGIN")
        start = anchor(connection)
        last = start.sequence
        total = connection.execute("SELECT coalesce(max(sequence), ?) FROM events", (last,)).fetchone()[0] - last
        try:
            for row in checked(stored_events(connection, last), last, start.hash):
                last = row.sequence
                if progress is not None and (last - start.sequence) % _PROGRESS_EVENTS == 0:
                    progress(last - start.sequence, total)
        except ChainBreakError as broken:
            return broken.sequence
        except sqlite3.DatabaseError:
            return last + 1
        if progress is not None:
            progress(last - start.sequence, total)
        return None
    finally:
        connection.close()

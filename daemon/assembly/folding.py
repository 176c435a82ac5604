"""Folding a journal's file as a daemon folds it at its start, before the file takes the journal's name."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec

from adapters.backups.errors import BackupError
from adapters.journal_rows.reading import anchor, newest_snapshot, stored_events
from adapters.sqlite_journal.schema import connect
from machines.state.whole import FOLD_VERSION, State, fold

_BUSY_MS = 5_000


def require_folds(journal: Path) -> None:
    """Fold what a daemon folds at its start: the newest snapshot and what follows; raises `BackupError`."""
    with closing(connect(journal, _BUSY_MS)) as connection:
        newest, start = newest_snapshot(connection, FOLD_VERSION), anchor(connection)
        if newest is None and start.sequence:
            raise BackupError(
                f"it begins after event {start.sequence}, and none of its snapshots can be read by this solvent"
            )
        at = 0
        try:
            state = State() if newest is None else msgspec.msgpack.decode(newest.snapshot.state, type=State)
            for row in stored_events(connection, state.sequence):
                at = row.sequence
                fold(state, row.recorded())
        except (ArithmeticError, LookupError, ValueError, TypeError, AssertionError, msgspec.MsgspecError) as strange:
            raise BackupError(f"it cannot be folded at event {at}: {type(strange).__name__}: {strange}") from strange

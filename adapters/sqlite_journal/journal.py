"""The journal on one SQLite file: the `Journal` port over one writing and one reading thread."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from adapters.journal_rows.journal import Known, RowsJournal
from adapters.journal_rows.limits import JournalLimits
from adapters.sqlite_journal.guarding import FileGuard
from adapters.sqlite_journal.opening import Opened, open_file
from adapters.sqlite_journal.schema import connect
from adapters.sqlite_journal.storing import SqliteStore
from machines.ports.clock import Clock
from machines.ports.journal import JournalDamagedError, JournalRefusedError

JOURNAL_NAME = "journal.sqlite"
"""The file's name within a state directory."""
_Result = TypeVar("_Result")


class SqliteJournal(RowsJournal[sqlite3.Connection]):
    """One process at a time may have it open: hold the state directory first (`adapters.state_directory`)."""

    def __init__(self, path: Path, opened: Opened, clock: Clock, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only."""
        self.path = path
        self._reading = connect(path, limits.busy_timeout_ms, read_only=True)
        guard = FileGuard(path, opened.connection, opened.identity.journal_id, limits.busy_timeout_ms)
        store = SqliteStore(opened.connection, limits, guard)
        known = Known(str(path), opened.identity, opened.customer_key, opened.tail, opened.report)
        super().__init__(known, store, clock, fold_version, limits)

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        fold_version: int,
        limits: JournalLimits = JournalLimits(),  # noqa: B008 - frozen
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> Self:
        """Open the file at `path` (made with mode 0600 where it is missing) and prove what follows its snapshot.

        `fold_version` numbers the format of snapshots: those of another number are ignored. `random_bytes` names a new
        journal and makes its key. Raises `JournalDamagedError` and `JournalRefusedError`.
        """
        opened = await asyncio.to_thread(
            open_file, path, fold_version, random_bytes, limits.busy_timeout_ms, clock.wall
        )
        return cls(path, opened, clock, fold_version, limits)

    def _on_reading(self, run: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return run(self._reading)
        except sqlite3.OperationalError as error:
            raise JournalRefusedError(f"the journal {self.path} cannot be read: {error}") from error
        except sqlite3.DatabaseError as error:
            raise JournalDamagedError(f"the journal {self.path} is damaged: {error}; restore a backup") from error

    def _let_go(self) -> None:
        self._reading.close()

"""The SQLite file as the writing thread uses it: transactions, the write-ahead log, errors in the port's words."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.reading import Point
from adapters.sqlite_journal.guarding import FileGuard
from adapters.sqlite_journal.remedies import remedy
from machines.ports.journal import JournalDamagedError, JournalRefusedError


class SqliteStore:
    """Owns the writing connection."""

    def __init__(self, connection: sqlite3.Connection, limits: JournalLimits, guard: FileGuard) -> None:
        self.connection = connection
        self._limits = limits
        self._guard = guard
        self._commits = 0
        self._rows_at_checkpoint = 0

    def begin(self, tail: Point) -> None:
        """Begin, if the files are still those that were opened."""
        self.take_back()
        self._guard.require_untouched(tail)
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self, _before: Point, _after: Point) -> None:
        """Make it durable."""
        self.connection.execute("COMMIT")
        self._guard.note_log()
        self._commits += 1

    def take_back(self) -> None:
        """End a transaction that failed; where even that fails, as on a dead disk, the next one tries."""
        if self.connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.connection.rollback()

    def translated(self, error: BaseException) -> BaseException:
        """SQLite's error in the words of the port."""
        return _translated(error, self._guard.path)

    def between_commits(self) -> None:
        """Fold the log into the file after everybody was told, so that no commit waits for it."""
        rows = self.connection.total_changes - self._rows_at_checkpoint
        if self._commits >= self._limits.checkpoint_commits or rows >= self._limits.checkpoint_rows:
            self._checkpoint("PASSIVE")

    def fold_log(self) -> None:
        """Empty the log, so that it holds nothing of what was before."""
        self._checkpoint("TRUNCATE")

    def hurry(self) -> None:
        """Nothing here waits longer than the busy timeout."""

    def close(self) -> None:
        """Fold the log into the file, and let go of it."""
        self._checkpoint("TRUNCATE")
        self.connection.close()

    def _checkpoint(self, mode: str) -> None:
        self._commits, self._rows_at_checkpoint = 0, self.connection.total_changes
        if self._guard.damage:
            return  # what is not ours is not written any more
        with contextlib.suppress(sqlite3.Error):  # a full disk, a reader in the way: the log holds all, try again later
            self.connection.execute(f"PRAGMA wal_checkpoint({mode})")
        self._guard.note()


def _translated(error: BaseException, path: Path) -> BaseException:
    """SQLite's error in the words of the port."""
    if isinstance(error, sqlite3.IntegrityError):
        return JournalDamagedError(f"the journal {path} was changed by somebody else while it was open: {error}")
    if isinstance(error, (sqlite3.OperationalError, OSError)):
        look = f"Look at the file system and the disk under {path.parent}, then start again"
        return JournalRefusedError(
            f"the journal {path} cannot be written: {error}; nothing was acknowledged. {remedy(error, path) or look}; "
            "a daemon that runs tries again by itself"
        )
    if isinstance(error, MemoryError):
        return JournalRefusedError(f"the journal {path} cannot be written: no memory is left; nothing was acknowledged")
    if type(error) is sqlite3.DatabaseError:  # its kinds are about values; itself it is about the file
        return JournalDamagedError(f"the journal's file {path} is damaged: {error}; restore a backup")
    return error

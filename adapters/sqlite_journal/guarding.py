"""Guarding the open journal: whether its files are still those that were opened, and hold what was written.

SQLite keeps the files open and looks at their names no more. Where somebody moves another file over the journal, or
deletes it, it goes on writing into what nobody will ever find again, and every acknowledgement is a lie.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from adapters.journal_rows.chain import ChainBreakError, checked
from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import Point, anchor, last_point, stored_events
from adapters.sqlite_journal.copying import copy_whole_from
from adapters.sqlite_journal.saved import command_back, saved_name
from adapters.sqlite_journal.schema import connect
from machines.ports.journal import JournalDamagedError

STRUCTURE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Up to this size all pages are looked at, well under a second; beyond it the newest events alone."""
CHAIN_EVENTS_MAX: Final = 20_000
"""How many of the newest events are proven again: what a resume proves, and no writer waits longer for it."""
_WHAT_TO_DO: Final = (
    "Nothing more was acknowledged. Find out who did it (`lsof`, a backup job, a synchronising folder), put the right "
    "file back together with its -wal, or `solvent restore`; then start again"
)
_PUT_BACK: Final = (
    "Nothing more was acknowledged. Find out who did it (`lsof`, a backup job, a synchronising folder), put back what "
    "was saved: `{command}`; then start again"
)


class _MovedError(Exception):
    """The name leads elsewhere by now; the open connection still reaches what it opened."""


class _Seen(msgspec.Struct, frozen=True):
    """One file by name: which it is, and what changes when somebody writes it."""

    device: int
    inode: int
    size_bytes: int
    changed_ns: int

    def is_same_file(self, other: _Seen) -> bool:
        """Whether the name still leads to the same file."""
        return (self.device, self.inode) == (other.device, other.inode)


class FileGuard:
    """The files of one open journal. Used by the writing thread alone."""

    def __init__(self, path: Path, connection: sqlite3.Connection, journal_id: str, busy_timeout_ms: int) -> None:
        """Notes the files as they are now: `connection` has the journal open, with its log."""
        self.path = path
        self._connection = connection
        self._log = path.with_name(f"{path.name}-wal")
        self._index = path.with_name(f"{path.name}-shm")
        self._journal_id = journal_id
        self._busy_timeout_ms = busy_timeout_ms
        self._noted = {each: _seen(each) for each in (self.path, self._log, self._index)}
        self.damage = ""
        """Why the files are not ours any more: for the rest of this life they are neither written nor folded."""

    def note(self) -> None:
        """This process folded its log into the file: that is no news."""
        self._note(self.path)
        self.note_log()

    def note_log(self) -> None:
        """This process wrote its log."""
        self._note(self._log)

    def require_untouched(self, tail: Point) -> None:
        """Look before each transaction, at the cost of three `stat`.

        Raises `JournalDamagedError` where a file is gone or another, or does not hold any more what ends in `tail`.
        """
        if not self.damage:
            try:
                self._look(tail)
            except _MovedError as moved:
                self.damage = f"{moved}. {self._save_aside(tail)}"
            except (ChainBreakError, sqlite3.DatabaseError) as broken:
                what = f"{self.path} was changed by somebody else while it was open: {broken}"
                self.damage = f"{what}. {_WHAT_TO_DO}"
        if self.damage:
            raise JournalDamagedError(self.damage)

    def _look(self, tail: Point) -> None:
        news = False
        for path, noted in self._noted.items():
            now = _seen(path)
            if noted is None:
                self._noted[path] = now  # a log that SQLite had not made yet
                continue
            if now is None:
                raise _MovedError(f"{path} was deleted or moved while it was open")
            if not now.is_same_file(noted):
                raise _MovedError(f"{path} was replaced by another file while it was open")
            shrank = now.size_bytes < noted.size_bytes
            news = news or shrank or (path == self.path and now.changed_ns != noted.changed_ns)
        if news:
            self._prove(tail)
            self.note()

    def _save_aside(self, tail: Point) -> str:
        """Copy what the open files hold into a new one beside the name that leads elsewhere; what to say of it."""
        target = saved_name(self.path, tail.sequence)
        try:
            copy_whole_from(self._connection, target)
        except (OSError, sqlite3.Error) as error:
            return f"What it held could not be saved as {target.name}: {error}. {_WHAT_TO_DO}"
        what_to_do = _PUT_BACK.format(command=command_back(self.path, target))
        return f"What it held, up to event {tail.sequence}, was saved as {target}. {what_to_do}"

    def _prove(self, tail: Point) -> None:
        """Somebody else wrote the file, as a person's checkpoint does: read it afresh, up to what was written last.

        Raises `ChainBreakError` and `sqlite3.DatabaseError`.
        """
        with closing(connect(self.path, self._busy_timeout_ms, read_only=True)) as connection:
            connection.execute("BEGIN")
            if meta(connection, "journal_id") != self._journal_id:
                raise sqlite3.DatabaseError("it holds another journal")
            self._prove_pages(connection)
            self._prove_chain(connection, tail)

    def _prove_pages(self, connection: sqlite3.Connection) -> None:
        seen = _seen(self.path)
        if seen is None or seen.size_bytes > STRUCTURE_BYTES_MAX:
            return
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)

    def _prove_chain(self, connection: sqlite3.Connection, tail: Point) -> None:
        start = anchor(connection)
        known = connection.execute(
            "SELECT sequence, hash, recorded_at FROM events WHERE sequence = ?", (tail.sequence - CHAIN_EVENTS_MAX,)
        ).fetchone()
        base = start if known is None else Point(*known)
        for _ in checked(stored_events(connection, base.sequence), base.sequence, base.hash):
            pass
        end = last_point(connection)
        if (end.sequence, end.hash) != (tail.sequence, tail.hash):
            raise ChainBreakError(
                min(end.sequence, tail.sequence) + 1, None, f"it ends with event {end.sequence}, not {tail.sequence}"
            )

    def _note(self, path: Path) -> None:
        """A file that was replaced a moment ago is not noted: it is to be found.

        Never raises: what it follows is done, and what could not be noted is proven before the next transaction.
        """
        try:
            before, now = self._noted[path], _seen(path)
        except OSError:
            return
        if before is None or (now is not None and now.is_same_file(before)):
            self._noted[path] = now


def _seen(path: Path) -> _Seen | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a hundred times a second: half the cost of Path.stat
    except FileNotFoundError:
        return None
    return _Seen(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)

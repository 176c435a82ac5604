"""Reading the journal of another process: `solvent status` beside a running daemon, or after a dead one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Self
from urllib.parse import quote

import msgspec

from adapters.journal_rows import reading
from adapters.journal_rows.chain import ChainBreakError
from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.meta import meta
from adapters.sqlite_journal.opening import require_ours
from adapters.sqlite_journal.schema import UNREADABLE_FILE, is_blank
from config.errors import shown
from machines.events import Recorded
from machines.ports.journal import (
    JournalDamagedError,
    JournalIdentity,
    JournalRefusedError,
    PaymentSeen,
    Proposal,
    Snapshot,
)


class ReadOnlyJournal:
    """The `Journal` port for short-lived readers; everything that writes is refused.

    It holds no lock between two reads, so that a daemon beside it writes on. It reads on the caller's thread.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only."""
        self.path = path
        self._connection = connection
        self._fold_version = fold_version
        self._limits = limits
        epoch = meta(connection, "epoch")
        assert isinstance(epoch, int)
        self._identity = JournalIdentity(str(meta(connection, "journal_id")), epoch)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        fold_version: int,
        limits: JournalLimits = JournalLimits(),  # noqa: B008 - frozen
    ) -> Self:
        """Open the file, never making one.

        Raises `FileNotFoundError` where there is no journal, `JournalDamagedError` for a file that is none of ours,
        and `JournalRefusedError` where it cannot be opened.
        """
        if not path.is_file():
            raise FileNotFoundError(f"there is no journal at {path}")
        connection = None
        try:
            # Without a write-ahead log nobody has the journal open; `immutable` then makes no log beside it either.
            still = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
            connection = sqlite3.connect(
                f"file:{quote(str(path))}?mode=ro{still}",
                uri=True,
                timeout=limits.busy_timeout_ms / 1000,
                isolation_level=None,
                check_same_thread=False,
            )
            _require_written(connection, path)
            require_ours(connection, path)
            return cls(path, connection, fold_version, limits)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, UNREADABLE_FILE):
                _raise_understood(path, error)
            raise

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        return self._identity

    @property
    def last_sequence(self) -> int:
        """The sequence number of the newest event at this moment."""
        try:
            newest = self._connection.execute("SELECT max(sequence) FROM events").fetchone()[0]
            return reading.anchor(self._connection).sequence if newest is None else int(newest)
        except sqlite3.Error as error:
            _raise_understood(self.path, error)

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order, each checked against its hash.

        Raises `JournalDamagedError` at an event that is not what was written, or that a newer solvent wrote.
        """
        left = limit
        while left is None or left > 0:
            chunk = self._limits.read_chunk_events if left is None else min(left, self._limits.read_chunk_events)
            events = self._events(after, chunk)
            for recorded in events:
                yield recorded
            if len(events) < chunk:
                return
            after = events[-1].sequence
            left = None if left is None else left - len(events)

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot of this fold version whose bytes are those that were written."""
        try:
            found = reading.newest_snapshot(self._connection, self._fold_version)
        except sqlite3.Error as error:
            _raise_understood(self.path, error)
        return None if found is None else found.snapshot

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """What is remembered of these ids; ids never seen are missing."""
        try:
            return reading.payments_seen(self._connection, payment_ids, self._limits.lookup_chunk_items)
        except sqlite3.Error as error:
            _raise_understood(self.path, error)

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Refuse: only the daemon that holds the state directory writes."""
        del group, payments
        raise JournalRefusedError(f"the journal {self.path} is open for reading only")

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Refuse, as `append`."""
        del snapshot
        raise JournalRefusedError(f"the journal {self.path} is open for reading only")

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _events(self, after: int, limit: int) -> list[Recorded]:
        try:
            return [row.recorded() for row in reading.checked_chunk(self._connection, after, limit)]
        except sqlite3.Error as error:
            _raise_understood(self.path, error)
        except ChainBreakError as broken:
            raise JournalDamagedError(
                f"the journal {self.path} is damaged: {broken}. A torn end is mended when the daemon starts; a damaged"
                " middle needs a backup"
            ) from broken
        except (msgspec.MsgspecError, ValueError) as error:
            raise JournalDamagedError(
                f"the journal {self.path} cannot be understood after event {after}: {error}. It was written by a newer"
                " solvent, or it is damaged"
            ) from error


def _require_written(connection: sqlite3.Connection, path: Path) -> None:
    if is_blank(connection):
        raise FileNotFoundError(f"the journal at {path} holds nothing yet")


def _raise_understood(path: Path, error: Exception) -> NoReturn:
    if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
        raise JournalRefusedError(
            f"the journal {path} cannot be read: {shown(str(error))}; read it as the user that the daemon runs as"
        ) from error
    why = error if str(error) else "its table meta lacks what every journal has"
    raise JournalDamagedError(f"the journal {path} is not readable as a database: {why}; restore a backup") from error

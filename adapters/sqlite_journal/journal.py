"""The journal on one SQLite file: the `Journal` port over one writing and one reading thread."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from adapters.sqlite_journal import reading, transactions
from adapters.sqlite_journal.chain import ChainBreakError
from adapters.sqlite_journal.limits import JournalLimits, OpeningReport
from adapters.sqlite_journal.opening import Opened, open_file
from adapters.sqlite_journal.schema import connect
from adapters.sqlite_journal.writer import Writer
from machines.event_codec import encode_event
from machines.events import Recorded
from machines.ports.clock import Clock
from machines.ports.journal import (
    JournalDamagedError,
    JournalIdentity,
    JournalRefusedError,
    PaymentSeen,
    Proposal,
    Snapshot,
)

JOURNAL_NAME = "journal.sqlite"
"""The file's name within a state directory."""
_Result = TypeVar("_Result")


class SqliteJournal:
    """One process at a time may have it open: hold the state directory first (`adapters.state_directory`)."""

    def __init__(self, path: Path, opened: Opened, clock: Clock, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only."""
        self.path = path
        self.opening: OpeningReport = opened.report
        """What opening found; its warnings are for the operator."""
        self.customer_key: bytes = opened.customer_key
        """The key under which customer ids are hashed; it never leaves the file."""
        self._identity = opened.identity
        self._clock = clock
        self._fold_version = fold_version
        self._limits = limits
        self._closed = False
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-reader")
        self._reading = connect(path, limits.busy_timeout_ms, read_only=True)
        self._writer = Writer(opened.connection, opened.tail, limits, asyncio.get_running_loop())

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

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        return self._identity

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last durable event; 0 for an empty journal."""
        return self._writer.tail.sequence

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Make the group durable, whole or not at all.

        Raises `JournalRefusedError` when nothing was written, `JournalDamagedError` when the file turned out broken,
        `ValueError` or `TypeError` for a group too large or an event that cannot be encoded.
        """
        if len(group) > self._limits.group_events_max:
            raise ValueError(f"a group of {len(group)} events; the limit is {self._limits.group_events_max}")
        self._require_open()
        encoded = [encode_event(proposal.event) for proposal in group]
        handed_over = transactions.Group(tuple(group), encoded, tuple(payments), self._clock.wall())
        recorded: list[Recorded] = await self._writer.append(handed_over)
        return recorded

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """What is remembered of these ids, as far as it is durable; ids never seen are missing."""
        ids = tuple(payment_ids)
        return await self._read(lambda: reading.payments_seen(self._reading, ids, self._limits.lookup_chunk_items))

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order, each checked against its hash.

        Where retention dropped the first of them, the first one kept is the first one read. Raises
        `JournalDamagedError` at an event that is not what was written.
        """
        left = limit
        while left is None or left > 0:
            chunk = self._limits.read_chunk_events if left is None else min(left, self._limits.read_chunk_events)
            events = await self._read(partial(self._events, after, chunk))
            for recorded in events:
                # Committed a moment ago, and the writer has not yet said so: for everybody else it is not there yet.
                if recorded.sequence > self.last_sequence:
                    return
                yield recorded
            if len(events) < chunk:
                return
            after = events[-1].sequence
            left = None if left is None else left - len(events)

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot of this fold version whose bytes are those that were written."""
        found = await self._read(lambda: reading.newest_snapshot(self._reading, self._fold_version))
        return None if found is None else found.snapshot

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the snapshot and only the newest few, then drop events that are past their retention.

        Raises `ValueError` for a snapshot of an event that the journal does not hold, and `JournalRefusedError`.
        """
        self._require_open()
        now, version, limits = self._clock.wall(), self._fold_version, self._limits

        def keep(connection: sqlite3.Connection) -> None:
            transactions.keep_snapshot(connection, snapshot, version, limits.snapshots_kept)
            transactions.drop_old_events(connection, now, limits)

        await self._writer.change(keep)

    async def forget_customer(self, customer_hash: bytes) -> int:
        """Take the customer's hash off every payment, also out of the file's free space; how many carried it."""
        self._require_open()

        def forget(connection: sqlite3.Connection) -> int:
            return transactions.forget_customer(connection, customer_hash)

        return await self._writer.change(forget, fold_log=True)

    async def close(self) -> None:
        """Finish what was accepted and let go. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        await asyncio.to_thread(self._reader.shutdown)
        self._reading.close()

    def _require_open(self) -> None:
        if self._closed:
            raise JournalRefusedError(f"the journal {self.path} is closed")

    async def _read(self, run: Callable[[], _Result]) -> _Result:
        """Run on the reading thread, so that a slow disk never holds the event loop."""
        self._require_open()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, run)
        except sqlite3.OperationalError as error:
            raise JournalRefusedError(f"the journal {self.path} cannot be read: {error}") from error
        except sqlite3.DatabaseError as error:
            raise JournalDamagedError(f"the journal {self.path} is damaged: {error}; restore a backup") from error

    def _events(self, after: int, limit: int) -> list[Recorded]:
        try:
            return [row.recorded() for row in reading.checked_chunk(self._reading, after, limit)]
        except (ChainBreakError, msgspec.MsgspecError, ValueError) as error:
            raise JournalDamagedError(
                f"the journal {self.path} is damaged after event {after}: {error}; restore a backup"
            ) from error

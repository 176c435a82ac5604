"""What every journal over rows does: the `Journal` port over one writing thread and one that reads."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Generic, TypeVar

import msgspec

from adapters.journal_rows import reading, transactions
from adapters.journal_rows.chain import ChainBreakError
from adapters.journal_rows.limits import JournalLimits, OpeningReport
from adapters.journal_rows.paging import paged
from adapters.journal_rows.reading import Point
from adapters.journal_rows.statements import Statements
from adapters.journal_rows.stores import Store
from adapters.journal_rows.writer import Writer
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

_Connection = TypeVar("_Connection", bound=Statements)
_Result = TypeVar("_Result")


class Known(msgspec.Struct, frozen=True):
    """What opening a journal found."""

    name: str
    """Which journal it is, for messages."""
    identity: JournalIdentity
    customer_key: bytes
    tail: Point
    report: OpeningReport


class RowsJournal(ABC, Generic[_Connection]):
    """A journal whose store is the adapter's own."""

    def __init__(
        self,
        known: Known,
        store: Store[_Connection],
        clock: Clock,
        fold_version: int,
        limits: JournalLimits,
    ) -> None:
        self.opening: OpeningReport = known.report
        """What opening found; its warnings are for the operator."""
        self.customer_key: bytes = known.customer_key
        """The key under which customer ids are hashed; it never leaves the store."""
        self._name = known.name
        self._identity = known.identity
        self._clock = clock
        self._fold_version = fold_version
        self._limits = limits
        self._closed = False
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-reader")
        self._writer = Writer(store, known.tail, limits, asyncio.get_running_loop())

    @abstractmethod
    def _on_reading(self, run: Callable[[_Connection], _Result]) -> _Result:
        """Run on the reading connection, in the reading thread. Raises the errors of the port."""

    @abstractmethod
    def _let_go(self) -> None:
        """Close the reading connection, in the reading thread."""

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

        Raises `JournalRefusedError` when nothing was written, `JournalDamagedError` when the store turned out broken,
        `JournalFencedError` and `JournalUnknownError` as the port says, `ValueError` or `TypeError` for a group too
        large or an event that cannot be encoded.
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
        ids, chunk = tuple(payment_ids), self._limits.lookup_chunk_items
        return await self._read(lambda connection: reading.payments_seen(connection, ids, chunk))

    def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order, each checked against its hash.

        Where retention dropped the first of them, the first one kept is the first one read. Raises
        `JournalDamagedError` at an event that is not what was written.
        """
        return paged(self._events, self._limits.read_chunk_events, after, limit)

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot of this fold version whose bytes are those that were written."""
        found = await self._read(
            lambda connection: reading.newest_snapshot(connection, self._fold_version, self._snapshot_row)
        )
        return None if found is None else found.snapshot

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the snapshot and only the newest few, then drop events that are past their retention.

        Raises `ValueError` for a snapshot of an event that the journal does not hold, and `JournalRefusedError`.
        """
        self._require_open()
        digest = (await asyncio.to_thread(sha256, snapshot.state)).digest()
        await self._keep(snapshot, digest)

    async def _keep(self, snapshot: Snapshot, digest: bytes) -> None:
        now, version, limits = self._clock.wall(), self._fold_version, self._limits

        def keep(connection: Statements) -> None:
            transactions.keep_snapshot(connection, snapshot, digest, version, limits.snapshots_kept)
            transactions.drop_old_events(connection, now, limits)
            self._let_go_of_states(connection)

        await self._writer.change(keep)

    def _snapshot_row(self, connection: Statements, sequence: int) -> reading.SnapshotRow | None:
        """A snapshot as this store has it."""
        return reading.snapshot_row(connection, sequence)

    def _let_go_of_states(self, connection: Statements) -> None:
        """Within the transaction that keeps a snapshot: drop what the store has beside the rows that went."""

    async def forget_customer(self, customer_hash: bytes) -> int:
        """Take the customer's hash off every payment, also out of what the store has overwritten; how many had it."""
        self._require_open()

        def forget(connection: Statements) -> int:
            return transactions.forget_customer(connection, customer_hash)

        return await self._writer.change(forget, fold_log=True)

    async def close(self) -> None:
        """Finish what was accepted and let go. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        await asyncio.get_running_loop().run_in_executor(self._reader, self._let_go)
        await asyncio.to_thread(self._reader.shutdown)

    def _require_open(self) -> None:
        if self._closed:
            raise JournalRefusedError(f"the journal {self._name} is closed")

    async def _read(self, run: Callable[[_Connection], _Result]) -> _Result:
        """Run on the reading thread, so that a slow store never holds the event loop."""
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._reader, lambda: self._on_reading(run))

    async def _events(self, after: int, limit: int) -> list[Recorded]:
        def read(connection: Statements) -> list[Recorded]:
            return [row.recorded() for row in reading.checked_chunk(connection, after, limit)]

        try:
            events = await self._read(read)
        except (ChainBreakError, msgspec.MsgspecError, ValueError) as error:
            raise JournalDamagedError(
                f"the journal {self._name} is damaged after event {after}: {error}; restore a backup"
            ) from error
        # What was committed a moment ago, and the writer has not yet told, is for everybody else not there yet.
        told = self.last_sequence
        return [recorded for recorded in events if recorded.sequence <= told]

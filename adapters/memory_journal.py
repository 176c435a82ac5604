"""The journal in memory, for simulation: no threads, one order of steps for one seed, and death on command.

What is durable lives in a `MemoryStore`, which outlives the journal: a new `MemoryJournal` on the same store is the
process after a crash, and the old one can write no more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import msgspec

from config.instants import Instant
from machines.event_codec import EncodedEvent, decode_event, encode_event
from machines.events import Recorded
from machines.ports.clock import Clock
from machines.ports.journal import (
    JournalFencedError,
    JournalIdentity,
    JournalRefusedError,
    PaymentSeen,
    Proposal,
    Snapshot,
)

Hook = Callable[[Sequence[Proposal]], None]
"""Called with a group. `JournalRefusedError` refuses that group; raising anything else is the process's death."""


class StoredEvent(msgspec.Struct, gc=False):
    """One durable event, encoded: reading it back shows what a real journal would show. Events are never changed."""

    sequence: int
    recorded_at: Instant
    effective_at: Instant
    actor: str
    cause: int | None
    encoded: EncodedEvent
    decoded: Recorded | None = None
    """As it was read first: every audit reads it again."""

    def recorded(self) -> Recorded:
        """The event, decoded and upcast."""
        if self.decoded is None:
            event = decode_event(self.encoded.name, self.encoded.version, self.encoded.data)
            self.decoded = Recorded(self.sequence, self.recorded_at, self.effective_at, self.actor, self.cause, event)
        return self.decoded


class MemoryStore:
    """What survives a process: events, payments, snapshots, identity. One holder at a time."""

    def __init__(
        self,
        identity: JournalIdentity = JournalIdentity("simulated", 1),  # noqa: B008 - frozen
        customer_key: bytes = b"a key of thirty-two bytes, fixed",
        snapshots_kept: int = 2,
    ) -> None:
        self.identity = identity
        self.customer_key = customer_key
        self.events: list[StoredEvent] = []
        self.payments: dict[str, PaymentSeen] = {}
        self.snapshots: dict[int, Snapshot] = {}
        self.holder = 0
        self.fencing: Callable[[], int] = lambda: 0
        """The highest fencing token that was given, where a lease guards the store instead of a holder."""
        self._snapshots_kept = snapshots_kept

    def fence(self) -> int:
        """Make everybody who held the store dead to it; the number of the next holder."""
        self.holder += 1
        return self.holder

    def keep(self, snapshot: Snapshot) -> None:
        """Keep the snapshot, and only the newest few."""
        self.snapshots[snapshot.sequence] = snapshot
        for sequence in sorted(self.snapshots)[: -self._snapshots_kept]:
            del self.snapshots[sequence]


class _Waiting(msgspec.Struct):
    """A group that has been handed over and is not yet durable."""

    group: tuple[Proposal, ...]
    encoded: tuple[EncodedEvent, ...]
    payments: tuple[PaymentSeen, ...]
    called_at: Instant
    recorded: list[Recorded] | None = None
    error: BaseException | None = None


class MemoryJournal:
    """The `Journal` port on a `MemoryStore`. The hash chain is left out: `hash` is empty.

    `before_append` and `after_append` are called around the moment a group becomes durable. With a `fencing` token it
    takes the store from nobody: what it writes is refused once the store knows a higher one.
    """

    def __init__(
        self,
        store: MemoryStore,
        clock: Clock,
        before_append: Hook | None = None,
        after_append: Hook | None = None,
        *,
        fencing: int = 0,
    ) -> None:
        self.store = store
        self.before_append = before_append
        self.after_append = after_append
        self._clock = clock
        self._fencing = fencing
        self._holder = 0 if fencing else store.fence()
        self._waiting: deque[_Waiting] = deque()
        self._closed = False

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        return self.store.identity

    @property
    def customer_key(self) -> bytes:
        """The key under which customer ids are hashed."""
        return self.store.customer_key

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last durable event; 0 for an empty journal."""
        return len(self.store.events)

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Make the group durable, whole or not at all.

        Raises `JournalRefusedError`, `JournalFencedError`, or what a hook raised.
        """
        encoded = tuple(encode_event(proposal.event) for proposal in group)
        waiting = _Waiting(tuple(group), encoded, tuple(payments), self._clock.wall())
        self._waiting.append(waiting)
        await asyncio.sleep(0)
        self._write_waiting()
        await asyncio.sleep(0)
        if waiting.error is not None:
            raise waiting.error
        return waiting.recorded or []

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """What is remembered of these ids; ids never seen are missing."""
        await asyncio.sleep(0)
        payments = self.store.payments
        return {payment_id: payments[payment_id] for payment_id in payment_ids if payment_id in payments}

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order."""
        position = after
        while position < len(self.store.events) and (limit is None or position < after + limit):
            stored = self.store.events[position]
            position = stored.sequence
            yield stored.recorded()
        await asyncio.sleep(0)

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot."""
        await asyncio.sleep(0)
        snapshots = self.store.snapshots
        return snapshots[max(snapshots)] if snapshots else None

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the snapshot; raises `ValueError` for one ahead of the events, `JournalRefusedError` when fenced."""
        await asyncio.sleep(0)
        self._require_held()
        if not 0 < snapshot.sequence <= self.last_sequence:
            raise ValueError(f"a snapshot of event {snapshot.sequence}, but the last event is {self.last_sequence}")
        self.store.keep(snapshot)

    async def forget_customer(self, customer_hash: bytes) -> int:
        """Take the customer's hash off every payment; how many payments carried it."""
        await asyncio.sleep(0)
        self._require_held()
        found = [seen for seen in self.store.payments.values() if customer_hash and seen.customer_hash == customer_hash]
        for seen in found:
            self.store.payments[seen.payment_id] = msgspec.structs.replace(seen, customer_hash=b"")
        return len(found)

    async def close(self) -> None:
        """Write what was accepted and let go."""
        await asyncio.sleep(0)
        self._write_waiting()
        self._closed = True

    def _require_held(self) -> None:
        if self._closed:
            raise JournalRefusedError("the journal is closed")
        if self._fencing:
            if self._fencing < (newest := self.store.fencing()):
                raise JournalFencedError(f"token {newest} leads now, after {self._fencing}: this daemon must end")
        elif self._holder != self.store.holder:
            raise JournalRefusedError("another process holds the journal's store")

    def _write_waiting(self) -> None:
        """Write all groups that wait, in the order of the calls, whoever called."""
        while self._waiting:
            waiting = self._waiting.popleft()
            try:
                self._write(waiting)
            except (JournalRefusedError, JournalFencedError) as error:
                waiting.error = error
            except BaseException as death:  # noqa: BLE001 - whatever a hook raises is the process's death
                self._die(waiting, death)

    def _die(self, at: _Waiting, death: BaseException) -> None:
        """The dead process writes nothing more, and everybody who waited dies with it."""
        self.store.fence()
        at.error = death
        for other in self._waiting:
            other.error = death
        self._waiting.clear()

    def _write(self, waiting: _Waiting) -> None:
        self._require_held()
        if self.before_append is not None:
            self.before_append(waiting.group)
        events = self.store.events
        recorded_at = max(waiting.called_at, events[-1].recorded_at) if events else waiting.called_at
        recorded: list[Recorded] = []
        for proposal, encoded in zip(waiting.group, waiting.encoded, strict=True):
            sequence = len(events) + 1
            at = proposal.effective_at
            events.append(StoredEvent(sequence, recorded_at, at, proposal.actor, proposal.cause, encoded))
            recorded.append(Recorded(sequence, recorded_at, at, proposal.actor, proposal.cause, proposal.event))
        self.store.payments.update((seen.payment_id, seen) for seen in waiting.payments)
        waiting.recorded = recorded
        if self.after_append is not None:
            self.after_append(waiting.group)

"""The port of the journal: append-only, gapless, durable before anyone is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from config.errors import printable
from config.instants import Instant
from machines.events import Event, Recorded
from machines.revenue.classify import PaymentSeen

__all__ = [
    "Journal",
    "JournalDamagedError",
    "JournalFencedError",
    "JournalIdentity",
    "JournalNotFoldableError",
    "JournalRefusedError",
    "JournalUnknownError",
    "PaymentSeen",
    "Proposal",
    "Snapshot",
]


class JournalIdentity(msgspec.Struct, frozen=True):
    """Which journal this is: `journal_id` for ever, `epoch` one more after each restore or move."""

    journal_id: str
    epoch: int


class _SaidByStoreError(Exception):
    """Its message may quote the store, which quotes what it could not read: lines that every terminal can show."""

    def __init__(self, said: str) -> None:
        """Escape what cannot be printed."""
        super().__init__("\n".join(map(printable, said.split("\n"))))


class JournalRefusedError(_SaidByStoreError):
    """The group is not durable and was not written: the disk is full, or the store is out of reach.

    Nothing of the group is there, nobody was told; the same group may be appended again.
    """


class JournalDamagedError(_SaidByStoreError):
    """The journal cannot be trusted; the message says where, and what to do."""


class JournalNotFoldableError(JournalDamagedError):
    """The journal is as it was written, and this version makes nothing of one of its events."""


class JournalFencedError(Exception):
    """Another daemon took the lead: nothing of this one will be written any more, and it must end.

    Nothing of the group was written either, unless the answer to its commit was lost: then the message says so.
    """


class JournalUnknownError(Exception):
    """The store was asked to make the group durable and cannot be reached any more: whether it did is not known.

    Nobody may act as if it were written, nor as if it were not: the process must end. When it resumes, it reads what
    is there.
    """


class Proposal(msgspec.Struct, frozen=True):
    """An event on its way into the journal."""

    event: Event
    actor: str
    effective_at: Instant
    """When it holds in the world, as opposed to when it was recorded."""
    cause: int | None = None
    """The sequence number of what led to it."""


class Snapshot(msgspec.Struct, frozen=True):
    """The fold of all events up to and including `sequence`, encoded by whoever folds."""

    sequence: int
    state: bytes


class Journal(Protocol):
    """One writer; groups of events are atomic. Held to `tests/contracts/journal.py`."""

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        ...

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last durable event; 0 for an empty journal."""
        ...

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Make the group durable, whole or not at all, together with `payments` (inserted or replaced by id).

        Groups are numbered in the order of the calls. Raises `JournalRefusedError`, and `JournalFencedError` where
        the lease of this daemon is over. After `JournalUnknownError` the process must end. A cancelled caller does not
        stop the write: the group may be durable, and `last_sequence` tells.
        """
        ...

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """What is remembered of these ids; ids never seen are missing."""
        ...

    def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order, upcast to this version."""
        ...

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot that this version can read."""
        ...

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the snapshot; older ones may go."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go."""
        ...

"""The hash chain: what is hashed, and how a run of stored events is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from config.instants import Instant, instant_text
from machines.event_codec import decode_event
from machines.events import Recorded

_ENCODER = msgspec.msgpack.Encoder()


class StoredEvent(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One row of `events`, column by column."""

    sequence: int
    recorded_at: Instant
    effective_at: Instant
    actor: str
    cause: int | None
    type: str
    version: int
    group_first: int
    """The sequence number of the first event of the group."""
    group_end: int
    """1 on the last event of a group: everything up to here is whole."""
    data: str
    """The event as JSON."""
    hash: bytes = b""

    def recorded(self) -> Recorded:
        """The event, decoded and upcast; raises what `decode_event` raises."""
        event = decode_event(self.type, self.version, self.data)
        return Recorded(self.sequence, self.recorded_at, self.effective_at, self.actor, self.cause, event, self.hash)


class ChainBreakError(Exception):
    """A run of events is not what was written. `sequence` is the first that cannot be trusted."""

    def __init__(self, sequence: int, recorded_at: Instant | None, why: str, *, gap: bool = False) -> None:
        when = "" if recorded_at is None else f" (recorded {instant_text(recorded_at)})"
        super().__init__(f"event {sequence}{when}: {why}")
        self.sequence = sequence
        self.gap = gap


def genesis_hash(journal_id: str) -> bytes:
    """What stands before the first event: a chain belongs to one journal."""
    return sha256(f"solvent journal {journal_id}".encode()).digest()


def event_hash(previous: bytes, event: StoredEvent) -> bytes:
    """SHA-256 over the hash of the event before and the MessagePack array of this row's other columns, in order."""
    return sha256(previous + _ENCODER.encode(msgspec.structs.astuple(event)[:-1])).digest()


def checked(rows: Iterable[StoredEvent], after: int, previous: bytes) -> Iterator[StoredEvent]:
    """The rows as they come, each proven to follow the one before; raises `ChainBreakError` at the first that does not.

    `after` and `previous` are the sequence number and the hash of the event before the first row.
    """
    for row in rows:
        if row.sequence != after + 1:
            raise ChainBreakError(after + 1, None, f"missing; event {row.sequence} follows event {after}", gap=True)
        if event_hash(previous, row) != row.hash:
            raise ChainBreakError(row.sequence, row.recorded_at, "its content does not match its hash")
        yield row
        after, previous = row.sequence, row.hash

"""What examining a stored journal finds: its chain, and everything that is kept beside it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from config.instants import Instant
from machines.events import Recorded


class Fault(msgspec.Struct, frozen=True):
    """Something beside the chain that is not what was written."""

    table: str
    """The table, or `file` for the pages themselves."""
    row: str
    text: str
    sequence: int | None = None
    """The event that the row belongs to, where it belongs to one."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.table, self.row) if part) + f": {self.text}"


class StoredFold(msgspec.Struct, frozen=True):
    """A snapshot as it is stored."""

    sequence: int
    fold_version: int
    intact: bool
    """Whether its bytes are those that were written."""
    event_hash: bytes
    """Of the event that it says it was taken after."""
    state: bytes


class Damage(msgspec.Struct, frozen=True):
    """Where the chain breaks, and what was good before."""

    sequence: int
    recorded_at: Instant | None
    text: str
    last_good: int
    last_good_at: Instant | None


class Examination(msgspec.Struct, frozen=True):
    """What a journal's file was found to be."""

    journal_id: str
    epoch: int
    schema: int
    dropped_before: int
    """The last event that retention dropped; 0 for a journal that has its beginning."""
    last_sequence: int
    """Of the last good event."""
    last_hash: bytes
    last_recorded_at: Instant | None
    restores: int
    """How often the chain says that it was restored, or moved: each begins an epoch."""
    damage: Damage | None
    faults: tuple[Fault, ...]
    """In pages, snapshots, payments and tables."""


Hear = Callable[[Recorded, StoredFold | None], None]
"""Called with each proven event, in order, and the snapshot that fits the chain after it."""

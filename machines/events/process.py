"""What happens to the daemon itself."""

from __future__ import annotations

import enum

from config.instants import Instant
from config.plan import Plan
from machines.events.base import EventStruct


class Mode(enum.Enum):
    """Whether the daemon acts on what it decides."""

    OBSERVE_ONLY = "observe_only"
    ACT = "act"


class Started(EventStruct, frozen=True):
    """A daemon took the journal up."""

    instance: str
    version: str
    mode: Mode
    fencing: int = 0
    """The number of the lease it leads by, higher with each one; 0 where no lease is needed."""
    holder: str = ""
    """Who leads, in words; "" where no lease is needed."""


class PlanAdopted(EventStruct, frozen=True):
    """From here on this plan decides. `fingerprint` is the SHA-256 of its canonical JSON."""

    plan: Plan
    fingerprint: str
    recosts: bool = False
    """Whether what stands counts this plan's prices from now on; without it, as earlier versions wrote, from its next
    step on."""


class FreezeChanged(EventStruct, frozen=True):
    """A reason to change nothing appeared or went away. `key` names it: `source_silent`, `implausible`, `clock`, ..."""

    key: str
    frozen: bool
    reason: str = ""


class ActorParked(EventStruct, frozen=True):
    """An actor failed too often and waits for an operator."""

    actor: str
    reason: str


class ActorResumed(EventStruct, frozen=True):
    """An operator let a parked actor go on."""

    actor: str


class JournalRestored(EventStruct, frozen=True):
    """The journal was taken back from a backup; the daemon that goes on with it starts paused."""

    backup: str
    """The backup's name."""
    backed_up_at: Instant
    restored_at: Instant
    until: Instant | None = None
    """What was recorded after this was left away; None where nothing was."""
    dropped_events: int = 0


class JournalMigrated(EventStruct, frozen=True):
    """A newer solvent changed the journal's tables. `backup` is the copy made before; empty where it was a new file."""

    from_schema: int
    to_schema: int
    backup: str = ""


class JournalMoved(EventStruct, frozen=True):
    """The journal went whole from one store to another, in a new epoch; what it left is kept aside and acts no more."""

    source: str
    """Where it was, such as `journal.sqlite`."""
    target: str
    """Where it is, such as `the schema solvent of PostgreSQL`."""
    epoch: int
    """The one that began with it."""
    moved_at: Instant

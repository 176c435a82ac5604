"""All events as one type, and an event as the journal holds it."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from machines.events.breakers import BreakerChanged
from machines.events.costs import BillRead, BudgetReconcileAsked, BudgetReconciled, CostAlarmChanged, CostsAccrued
from machines.events.deciding import LevelDecided
from machines.events.dials import DialTurned
from machines.events.holds import (
    AttestationEnded,
    Attested,
    LevelHeld,
    LevelHoldEnded,
    ThresholdEnded,
    ThresholdSet,
)
from machines.events.notifications import (
    ChannelClosed,
    DeliveryEnded,
    DeliveryReplayed,
    NotificationCleared,
    NotificationRaised,
)
from machines.events.operators import (
    ApprovalAsked,
    ApprovalEnded,
    ApprovalGiven,
    CommandAnswered,
    CursorMoved,
    PauseEnded,
    PauseSet,
    PinEnded,
    PinSet,
)
from machines.events.orphans import OrphanFound, OrphanGone, OrphanRemovalAsked, OrphanRemoved
from machines.events.process import (
    ActorParked,
    ActorResumed,
    FreezeChanged,
    JournalMigrated,
    JournalMoved,
    JournalRestored,
    PlanAdopted,
    Started,
)
from machines.events.resources import (
    ComponentDrifted,
    RepairDropped,
    ResourceAdopted,
    ResourceGone,
    ResourceNamed,
    ResourceUnmanaged,
)
from machines.events.revenue import (
    EntryRejected,
    MonthClosed,
    MonthCorrected,
    PaymentsRecorded,
    RevenueMeasured,
    WatermarkReached,
)
from machines.events.sources import SourceHeard, SourcesConfigured
from machines.events.steps import ComponentParked, ComponentUnparked, IntentAbandoned, StepEnded, StepIntended

Event = (
    Started
    | PlanAdopted
    | FreezeChanged
    | ActorParked
    | ActorResumed
    | PaymentsRecorded
    | EntryRejected
    | WatermarkReached
    | MonthClosed
    | MonthCorrected
    | RevenueMeasured
    | LevelDecided
    | StepIntended
    | StepEnded
    | IntentAbandoned
    | ComponentParked
    | ComponentUnparked
    | ResourceUnmanaged
    | ResourceAdopted
    | ResourceGone
    | RepairDropped
    | ComponentDrifted
    | BreakerChanged
    | PinSet
    | PinEnded
    | PauseSet
    | PauseEnded
    | ApprovalAsked
    | ApprovalGiven
    | ApprovalEnded
    | CommandAnswered
    | CursorMoved
    | ResourceNamed
    | CostsAccrued
    | BillRead
    | CostAlarmChanged
    | BudgetReconcileAsked
    | BudgetReconciled
    | OrphanFound
    | OrphanGone
    | OrphanRemovalAsked
    | OrphanRemoved
    | DialTurned
    | SourcesConfigured
    | SourceHeard
    | LevelHeld
    | LevelHoldEnded
    | Attested
    | AttestationEnded
    | ThresholdSet
    | ThresholdEnded
    | NotificationRaised
    | NotificationCleared
    | DeliveryEnded
    | ChannelClosed
    | DeliveryReplayed
    | JournalRestored
    | JournalMigrated
    | JournalMoved
)


class Recorded(msgspec.Struct, frozen=True):
    """An event as the journal holds it."""

    sequence: int
    recorded_at: Instant
    """Never falls from one event to the next."""
    effective_at: Instant
    actor: str
    cause: int | None
    event: Event
    hash: bytes = b""
    """SHA-256 over the hash of the event before and this event's stored columns."""

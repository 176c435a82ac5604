"""Every event that the journal can hold: facts in the past tense, complete enough to fold without asking anybody."""

from machines.events.breakers import BreakerChanged, BreakerStatus
from machines.events.costs import BillRead, BudgetReconcileAsked, BudgetReconciled, CostAlarmChanged, CostsAccrued
from machines.events.deciding import LevelDecided
from machines.events.dials import DialTurned
from machines.events.operators import (
    ApprovalAsked,
    ApprovalEnded,
    ApprovalGiven,
    CommandAnswered,
    CursorMoved,
    Pause,
    PauseEnded,
    PauseSet,
    PinEnded,
    PinSet,
)
from machines.events.orphans import OrphanFound, OrphanGone, OrphanRemovalAsked, OrphanRemoved, RemovalOutcome
from machines.events.process import ActorParked, ActorResumed, FreezeChanged, Mode, PlanAdopted, Started
from machines.events.recorded import Event, Recorded
from machines.events.resources import ComponentDrifted, ResourceAdopted, ResourceGone, ResourceNamed, ResourceUnmanaged
from machines.events.revenue import (
    CountedPayment,
    EntryRejected,
    MonthClosed,
    MonthCorrected,
    PaymentsRecorded,
    RevenueMeasured,
    WatermarkReached,
)
from machines.events.steps import (
    ComponentParked,
    ComponentUnparked,
    IntentAbandoned,
    StepEnded,
    StepIntended,
    StepOutcome,
)

__all__ = [
    "ActorParked",
    "ActorResumed",
    "ApprovalAsked",
    "ApprovalEnded",
    "ApprovalGiven",
    "BillRead",
    "BreakerChanged",
    "BreakerStatus",
    "BudgetReconcileAsked",
    "BudgetReconciled",
    "CommandAnswered",
    "ComponentDrifted",
    "ComponentParked",
    "ComponentUnparked",
    "CostAlarmChanged",
    "CostsAccrued",
    "CountedPayment",
    "CursorMoved",
    "DialTurned",
    "EntryRejected",
    "Event",
    "FreezeChanged",
    "IntentAbandoned",
    "LevelDecided",
    "Mode",
    "MonthClosed",
    "MonthCorrected",
    "OrphanFound",
    "OrphanGone",
    "OrphanRemovalAsked",
    "OrphanRemoved",
    "Pause",
    "PauseEnded",
    "PauseSet",
    "PaymentsRecorded",
    "PinEnded",
    "PinSet",
    "PlanAdopted",
    "Recorded",
    "RemovalOutcome",
    "ResourceAdopted",
    "ResourceGone",
    "ResourceNamed",
    "ResourceUnmanaged",
    "RevenueMeasured",
    "Started",
    "StepEnded",
    "StepIntended",
    "StepOutcome",
    "WatermarkReached",
]

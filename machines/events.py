"""Every event that the journal can hold: facts in the past tense, complete enough to fold without asking anybody."""

from __future__ import annotations

import enum
from datetime import date

import msgspec

from config.calendar import Month
from config.instants import Instant
from config.plan import Plan
from machines.deciding.facts import Decision
from machines.dialing import Rule
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.revenue.payments import Interval, Kind


class Mode(enum.Enum):
    """Whether the daemon acts on what it decides."""

    OBSERVE_ONLY = "observe_only"
    ACT = "act"


class _Event(msgspec.Struct, frozen=True, tag=True, tag_field="type", omit_defaults=True):
    """The base of all events; the tag is the class's name."""


# The daemon itself


class Started(_Event, frozen=True):
    """A daemon took the journal up."""

    instance: str
    version: str
    mode: Mode


class PlanAdopted(_Event, frozen=True):
    """From here on this plan decides. `fingerprint` is the SHA-256 of its canonical JSON."""

    plan: Plan
    fingerprint: str


class FreezeChanged(_Event, frozen=True):
    """A reason to change nothing appeared or went away. `key` names it: `source_silent`, `implausible`, `clock`, ..."""

    key: str
    frozen: bool
    reason: str = ""


class ActorParked(_Event, frozen=True):
    """An actor failed too often and waits for an operator."""

    actor: str
    reason: str


class ActorResumed(_Event, frozen=True):
    """An operator let a parked actor go on."""

    actor: str


# Payments and revenue


class CountedPayment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payment as it counts: micros of the plan's currency, positive, with its own date."""

    payment_id: str
    kind: Kind
    amount_micros: int
    created_at: Instant
    interval: Interval


class PaymentsRecorded(_Event, frozen=True):
    """What one read of a stream brought. The position moves with the effect."""

    stream: str
    cursor: str
    heard_at: Instant
    counted: tuple[CountedPayment, ...] = ()
    duplicates: int = 0
    not_completed: int = 0
    converted: int = 0
    """How many of `counted` came in another currency and were converted at a dated rate."""
    late: int = 0
    """How many of `counted` belong to a month already closed: corrections."""


class EntryRejected(_Event, frozen=True):
    """An entry or row that could not be taken, kept whole enough to be read again in `solvent:rejected`."""

    stream: str
    entry_id: str
    field: str
    reason: str
    raw: str


class WatermarkReached(_Event, frozen=True):
    """The source says that all payments before `through` have been sent."""

    stream: str
    cursor: str
    through: Instant
    heard_at: Instant


class MonthClosed(_Event, frozen=True):
    """A month became a fact. `by` is `watermark` or `time`; the figures are those of the fold at that moment."""

    month: Month
    by: str
    revenue_micros: int
    trailing_micros: int
    revenue_all_micros: int
    revenue_committed_micros: int


class MonthCorrected(_Event, frozen=True):
    """A payment arrived after its month had closed: counted for later decisions, never re-deciding a past one."""

    month: Month
    payment_id: str
    delta_micros: int


class RevenueMeasured(_Event, frozen=True):
    """The live gauge called MRR, with the running month beside it. `quality` is `good` or why it is not.

    With another quality the figures are those of the last good reading, taken at `as_of`.
    """

    as_of: Instant
    mrr_micros: int
    mrr_committed_micros: int
    month: Month
    month_to_date_micros: int
    quality: str
    reason: str = ""
    peak_micros: int | None = None
    """The highest good value since the last confirmation: a slow drain is a fall too."""


# Deciding


class LevelDecided(_Event, frozen=True):
    """What one close decided. `actuated` is false for the closes inside an import that another close followed."""

    decision: Decision
    actuated: bool = True


# Components


class StepIntended(_Event, frozen=True):
    """A step is about to be taken: its token, and the cost that is reserved for it, in one event."""

    component: str
    step: Step
    token: str
    generation: int
    from_state: ComponentState
    to_state: ComponentState
    """The state while the step runs."""
    committed_micros: int
    """What the component counts from now on until the provider confirms."""
    deadline_at: Instant
    attempt: int = 1
    override: str = ""
    """The approval under which the step may exceed the cap."""
    cap_micros: int | None = None
    """The cap of the moment; None where the step is exempt."""
    total_micros: int = 0
    """Committed and reserved of all components after the step."""


class StepOutcome(enum.Enum):
    """How a step ended, as far as is known."""

    DONE = "done"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"
    BEGUN = "begun"
    """The provider took the request and is at work: looks for the token will show the end."""


class StepEnded(_Event, frozen=True):
    """What a call answered. Anything but `done` leaves the intent open, with its cost still reserved."""

    component: str
    step: Step
    token: str
    outcome: StepOutcome
    from_state: ComponentState
    to_state: ComponentState
    committed_micros: int
    reason: str = ""
    request_id: str = ""
    observed: ResourceState | None = None
    attempt: int = 1


class IntentAbandoned(_Event, frozen=True):
    """An intent was given up: the world was looked at, and the component stands in `to_state` with this cost."""

    component: str
    token: str
    from_state: ComponentState
    to_state: ComponentState
    committed_micros: int
    reason: str


class ComponentParked(_Event, frozen=True):
    """A component waits for an operator; what it may cost stays reserved."""

    component: str
    reason: str


class ComponentUnparked(_Event, frozen=True):
    """An operator let a parked component go on; an open intent gets this new deadline."""

    component: str
    deadline_at: Instant


class ResourceUnmanaged(_Event, frozen=True):
    """A resource was found that solvent did not make: costed, reported, untouched until adopted."""

    component: str
    observed: ResourceState
    tokens: tuple[str, ...]
    committed_micros: int


class ResourceAdopted(_Event, frozen=True):
    """An operator gave a found resource into solvent's hands."""

    component: str
    token: str
    generation: int
    from_state: ComponentState
    to_state: ComponentState
    committed_micros: int


class ResourceNamed(_Event, frozen=True):
    """An operator said which resource a COLD component is to adopt; with the name "" nothing is to be adopted now."""

    component: str
    resource: str
    """The provider's own name, such as an ARN."""
    reason: str = ""
    by: str = ""


class ResourceGone(_Event, frozen=True):
    """An unmanaged resource is no longer there."""

    component: str


class ComponentDrifted(_Event, frozen=True):
    """Reality differed from the record, and reality won."""

    component: str
    from_state: ComponentState
    to_state: ComponentState
    observed: ResourceState
    committed_micros: int
    contested: bool = False
    """A foreign writer keeps undoing the repair; the actor stops."""
    detail: str = ""
    """What differs, or who else writes."""


class BreakerStatus(enum.Enum):
    """Where a circuit breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerChanged(_Event, frozen=True):
    """A breaker's whole memory after a change. `breaker` is `provider:<failure domain>` or `component:<id>`."""

    breaker: str
    status: BreakerStatus
    failures_at: tuple[Instant, ...] = ()
    opened_at: Instant | None = None
    cooldown_s: int = 0
    reason: str = ""
    probe: str = ""
    """While half-open: the component whose call is the one probe."""


class DialTurned(_Event, frozen=True):
    """A dial's share, its goal or the rules that hold changed; the application reads it after this is durable."""

    component: str
    share_percent: int
    wished_percent: int
    turned_at: Instant
    holding: tuple[Rule, ...] = ()
    reasons: tuple[str, ...] = ()


# Costs


class CostsAccrued(_Event, frozen=True):
    """What each component accrued on one day of the plan's time zone, in micros; without those that accrued nothing."""

    day: date
    by_component_micros: dict[str, int] = {}


class BillRead(_Event, frozen=True):
    """What a provider bills for a month so far, beside what was accrued over the very same days, both in micros."""

    reader: str
    """`cost_explorer` or `open_cost`."""
    month: Month
    first_day: date
    last_day: date
    """Of the days that both figures cover."""
    estimated: bool
    """The provider itself says that the figures may still change."""
    billed_micros: dict[str, int] = {}
    """By component, in the plan's currency; a component that the bill does not name is unknown, not free."""
    accrued_micros: dict[str, int] = {}
    """By component; of all that accrued anything."""
    unattributed_micros: int = 0
    """Billed for the plan, and for no component that it names."""


class CostAlarmChanged(_Event, frozen=True):
    """A bill and the plan's figures came to differ by more than the plan tolerates, or no longer do."""

    reader: str
    component: str
    month: Month
    status: str
    """`deviates`, `outlier` (the figure is not used), or `agrees`: the alarm is over."""
    accrued_micros: int
    billed_micros: int
    reason: str = ""


class BudgetReconcileAsked(_Event, frozen=True):
    """An operator ordered that a month's spent budget be set to what the provider bills."""

    component: str
    month: Month
    billed_micros: int
    deadline_at: Instant
    reason: str
    by: str


class BudgetReconciled(_Event, frozen=True):
    """How such an order ended. `outcome` is `done`, `refused`, or `unknown` where no answer came by the deadline."""

    component: str
    month: Month
    outcome: str
    billed_micros: int
    before_micros: int | None = None
    """What the month had spent before; None unless it is done."""
    after_micros: int | None = None
    reason: str = ""
    by: str = ""
    """Who ordered it, and in `reason` why, or why not."""


# Operators


class Pause(enum.Enum):
    """What a pause holds back."""

    ALL = "all"
    UP = "up"
    DOWN = "down"


class PinSet(_Event, frozen=True):
    """An operator holds a component in a state until `until` (None: until unpinned)."""

    component: str
    state: ComponentState
    until: Instant | None
    reason: str
    by: str


class PinEnded(_Event, frozen=True):
    """A pin was taken away or expired."""

    component: str
    why: str


class PauseSet(_Event, frozen=True):
    """An operator holds moves back."""

    scope: Pause
    until: Instant | None
    reason: str
    by: str


class PauseEnded(_Event, frozen=True):
    """A pause was lifted or expired."""

    why: str


class ApprovalAsked(_Event, frozen=True):
    """A move waits for approval. `subject` is `level:<index>` or `component:<id>`; `by` is who asked."""

    approval_id: str
    subject: str
    reason: str
    by: str
    until: Instant
    exceeds_cap: bool = False


class ApprovalGiven(_Event, frozen=True):
    """An operator approved; live until `until`."""

    approval_id: str
    by: str
    until: Instant
    reason: str


class ApprovalEnded(_Event, frozen=True):
    """An approval was denied, used up, withdrawn or expired."""

    approval_id: str
    why: str
    by: str = ""


class CommandAnswered(_Event, frozen=True):
    """The one reply to a command; the position in its stream moves with it."""

    stream: str
    entry_id: str
    verb: str
    outcome: str
    """`done`, `pending` or `refused`."""
    reason: str
    by: str = ""


class CursorMoved(_Event, frozen=True):
    """A stream's position changed without an effect: it was replaced, or only rejected entries were read."""

    stream: str
    cursor: str
    why: str


class OrphanFound(_Event, frozen=True):
    """Two reads found a resource that carries the plan's tag and belongs to nothing: told once until it is gone."""

    kind: str
    name: str
    """The provider's own name; with the kind and the token it says which one."""
    component: str
    """The component that its tag names."""
    token: str
    why: str
    detail: str = ""


class OrphanGone(_Event, frozen=True):
    """Two reads did not find an orphan any more, or found that it belongs to its component."""

    kind: str
    name: str
    component: str
    token: str
    why: str


class OrphanRemovalAsked(_Event, frozen=True):
    """An operator ordered an orphan to be removed: the intent, before anything is done about it."""

    kind: str
    name: str
    component: str
    token: str
    deadline_at: Instant
    reason: str
    by: str


class RemovalOutcome(enum.Enum):
    """What is known of a removal."""

    DONE = "done"
    BEGUN = "begun"
    """The provider took the request and is at work: reads will show the end."""
    REFUSED = "refused"
    """It was given up; the orphan stands as before, as far as is known."""
    UNKNOWN = "unknown"
    """No answer, or one that says to try again: a read decides."""


class OrphanRemoved(_Event, frozen=True):
    """What a removal came to. `done` and `refused` end it, with the others it stays open."""

    kind: str
    name: str
    component: str
    token: str
    outcome: RemovalOutcome
    reason: str = ""
    request_id: str = ""


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

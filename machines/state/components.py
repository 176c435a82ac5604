"""What is known of each component, folded from its events."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from machines import events
from machines.events import StepOutcome
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState


class Intent(msgspec.Struct, frozen=True, gc=False):
    """A step that was begun and is not settled: it survives a restart."""

    step: Step
    token: str
    opened_at: Instant
    deadline_at: Instant
    attempt: int
    sequence: int
    """The event that recorded this attempt."""
    answered: StepOutcome | None = None
    """None while the call is under way, or when the daemon died before the answer was written."""
    override: str = ""
    reason: str = ""


class ComponentRecord(msgspec.Struct):
    """One component: a hundred thousand of these fit on one machine, so it holds nothing that can be computed."""

    id: str
    state: ComponentState = ComponentState.COLD
    since: Instant = 0
    committed_micros: int = 0
    """What the component counts in the cap: what runs, is being started, failed half-way, or is not confirmed gone."""
    generation: int = 0
    token: str = ""
    intent: Intent | None = None
    parked: str = ""
    contested: bool = False
    unmanaged: ResourceState | None = None
    unmanaged_token: str = ""
    drifts_at: tuple[Instant, ...] = ()
    resource_name: str = ""
    """The provider's own name of what an operator gave to adopt; "" where the adapter's deterministic name stands."""

    @property
    def idle(self) -> bool:
        """Whether no step is under way or waits to be resolved."""
        return self.intent is None


DRIFTS_REMEMBERED_MAX = 8


class Components(msgspec.Struct):
    """All components by id, and the sum of what they count in the cap."""

    records: dict[str, ComponentRecord] = {}
    committed_micros: int = 0
    recosted: dict[str, int] = {}
    """What the event under way changed the cost of; the accruals take it over before the event's fold ends."""

    def of(self, component_id: str) -> ComponentRecord:
        """The record of a component; one never heard of is COLD."""
        record = self.records.get(component_id)
        if record is None:
            record = self.records[component_id] = ComponentRecord(component_id)
        return record

    def stand(self, record: ComponentRecord, state: ComponentState, committed_micros: int, at: Instant) -> None:
        """Put a component into a recorded state at a recorded cost."""
        if committed_micros != record.committed_micros:
            self.committed_micros += committed_micros - record.committed_micros
            record.committed_micros = committed_micros
            self.recosted[record.id] = committed_micros
        if state is not record.state:
            record.state = state
            record.since = at


def fold_step_intended(components: Components, event: events.StepIntended, at: Instant, sequence: int) -> None:
    """The intent and its reservation are one event."""
    record = components.of(event.component)
    components.stand(record, event.to_state, event.committed_micros, at)
    record.generation = event.generation
    record.token = event.token
    record.intent = Intent(
        step=event.step,
        token=event.token,
        opened_at=at if record.intent is None else record.intent.opened_at,
        deadline_at=event.deadline_at,
        attempt=event.attempt,
        sequence=sequence,
        override=event.override,
    )


def fold_step_ended(components: Components, event: events.StepEnded, at: Instant) -> None:
    """Only `done` settles an intent and moves the reservation; every other answer keeps both."""
    record = components.of(event.component)
    components.stand(record, event.to_state, event.committed_micros, at)
    if event.outcome is StepOutcome.DONE:
        record.intent = None
        if event.to_state is ComponentState.COLD:
            record.token = ""
            record.resource_name = ""
    elif record.intent is not None:
        record.intent = msgspec.structs.replace(record.intent, answered=event.outcome, reason=event.reason)


def fold_intent_abandoned(components: Components, event: events.IntentAbandoned, at: Instant) -> None:
    """The intent is given up and the component stands where it was found."""
    record = components.of(event.component)
    components.stand(record, event.to_state, event.committed_micros, at)
    record.intent = None


def fold_drifted(components: Components, event: events.ComponentDrifted, at: Instant) -> None:
    """Reality wins."""
    record = components.of(event.component)
    components.stand(record, event.to_state, event.committed_micros, at)
    record.drifts_at = (*record.drifts_at, at)[-DRIFTS_REMEMBERED_MAX:]
    record.contested = event.contested
    if event.contested:
        record.parked = f"contested: {event.detail or 'a foreign writer keeps undoing the repair'}"


def fold_repair_dropped(components: Components, event: events.RepairDropped, at: Instant) -> None:
    """It stands as it was found, and counts what that costs; what serves had one difference, and counts it once."""
    record = components.of(event.component)
    if event.to_state is ComponentState.HOT:
        record.drifts_at = record.drifts_at[:-1]
    components.stand(record, event.to_state, event.committed_micros, at)


def fold_adopted(components: Components, event: events.ResourceAdopted, at: Instant) -> None:
    """The found resource is ours from now on, under the token it carries."""
    record = components.of(event.component)
    components.stand(record, event.to_state, event.committed_micros, at)
    record.unmanaged = None
    record.unmanaged_token = ""
    record.generation = event.generation
    record.token = event.token


def fold_named(components: Components, event: events.ResourceNamed) -> None:
    """From now on looks and steps are at that resource; what was found under another name is looked at anew."""
    components.of(event.component).resource_name = event.resource


def fold_unmanaged(components: Components, event: events.ResourceUnmanaged, at: Instant) -> None:
    """Costed and reported, but not ours."""
    record = components.of(event.component)
    components.stand(record, record.state, event.committed_micros, at)
    record.unmanaged = event.observed
    record.unmanaged_token = event.tokens[0] if event.tokens else ""


def fold_gone(components: Components, event: events.ResourceGone, at: Instant) -> None:
    """The unmanaged resource went away, and its cost with it."""
    record = components.of(event.component)
    components.stand(record, record.state, 0, at)
    record.unmanaged = None


def fold_parked(components: Components, event: events.ComponentParked) -> None:
    """Waits for an operator; state, intent and reservation stay as they are."""
    components.of(event.component).parked = event.reason


def fold_unparked(components: Components, event: events.ComponentUnparked) -> None:
    """An operator let it go on; old drifts are forgiven."""
    record = components.of(event.component)
    record.parked = ""
    record.contested = False
    record.drifts_at = ()
    if record.intent is not None:
        record.intent = msgspec.structs.replace(record.intent, deadline_at=event.deadline_at)

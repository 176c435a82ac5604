"""What follows from an answer, or from a look: the events, computed; nobody is called here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from config.instants import SECOND, Instant
from config.plan import Component
from machines import breaker as breakers
from machines.breaker import Breaker, BreakerLimits
from machines.events import (
    BreakerStatus,
    ComponentDrifted,
    ComponentParked,
    Event,
    IntentAbandoned,
    PinSet,
    RepairDropped,
    ResourceAdopted,
    ResourceGone,
    ResourceNamed,
    ResourceUnmanaged,
    StepEnded,
    StepIntended,
    StepOutcome,
)
from machines.granting import GrantLimits, breaker_event, breaker_names
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.state.components import ComponentRecord
from machines.state.whole import State
from machines.stepping import Sight, Standing, standing_after, standing_found

CONTESTED_AFTER_DRIFTS = 3
CONTESTED_WINDOW_S = 3600
DETAIL_CHARACTERS_MAX = 2_000
"""So many repairs undone within an hour are a foreign writer's work, not an accident."""


def after_answer(
    state: State,
    component: Component,
    outcome: StepOutcome,
    *,
    reason: str,
    request_id: str,
    seen: Observation | None,
    now: Instant,
    limits: GrantLimits,
) -> list[Event]:
    """The events of an answered call: what stands now, and what the breakers learn from it."""
    record = state.components.of(component.id)
    intent = record.intent
    if intent is None:
        return []
    done = outcome is StepOutcome.DONE
    standing = _standing_done(component, record, intent.step, seen) if done else None
    ended = StepEnded(
        component=component.id,
        step=intent.step,
        token=intent.token,
        outcome=outcome,
        from_state=record.state,
        to_state=standing.state if standing else record.state,
        committed_micros=standing.committed_micros if standing else record.committed_micros,
        reason=reason,
        request_id=request_id,
        observed=seen.state if seen else None,
        attempt=intent.attempt,
    )
    learnt = _breakers_after(state, component, intent.step, outcome, now=now, limits=limits.breaker, reason=reason)
    if outcome is not StepOutcome.PERMANENT:
        return [ended, *learnt]
    parked = ComponentParked(component.id, f"{intent.step.value} was refused for good: {reason}")
    if seen is None:
        return [ended, *learnt, parked]
    return [ended, *learnt, _abandoned(component, record, seen, reason), parked]


def _standing_done(component: Component, record: ComponentRecord, step: Step, seen: Observation | None) -> Standing:
    """Where a done step leaves it, counting at least what a look shows: somebody else may have raised it further."""
    after = standing_after(component, record, step)
    if seen is None:
        return after
    return Standing(after.state, max(after.committed_micros, standing_found(component, seen).committed_micros))


def _breakers_after(
    state: State,
    component: Component,
    step: Step,
    outcome: StepOutcome,
    *,
    now: Instant,
    limits: BreakerLimits,
    reason: str,
) -> list[Event]:
    """Only raising calls teach the breakers; a permanent answer settles a probe without counting as a failure."""
    if step not in RAISING:
        return []
    learnt: list[Event] = []
    for name in breaker_names(component):
        before = state.breakers.get(name, Breaker())
        if outcome in (StepOutcome.TRANSIENT, StepOutcome.AMBIGUOUS):
            after = breakers.failed(before, now, limits)
        elif outcome is StepOutcome.BEGUN and name == f"component:{component.id}":
            after = before  # the provider answers; whether the component comes up is not known yet
        else:
            after = breakers.succeeded(before)
        if after != before:
            learnt.append(breaker_event(name, after, reason if after.status is BreakerStatus.OPEN else ""))
    return learnt


def _abandoned(component: Component, record: ComponentRecord, seen: Observation, reason: str) -> IntentAbandoned:
    standing = standing_found(component, seen)
    return IntentAbandoned(
        component=component.id,
        token=record.token,
        from_state=record.state,
        to_state=standing.state,
        committed_micros=standing.committed_micros,
        reason=reason,
    )


def after_deadline(
    component: Component,
    record: ComponentRecord,
    seen: Observation,
    *,
    compensate: bool,
    now: Instant,
    limits: GrantLimits,
) -> list[Event]:
    """A raise that cannot be reached any more: stand where the world is, and take back what is half made."""
    intent = record.intent
    if intent is None:
        return []
    reason = intent.reason or "the deadline passed"
    if not compensate:
        return [_abandoned(component, record, seen, reason)]
    abandoned: list[Event] = []
    from_state, step, to_state = record.state, Step.DEACTIVATE, ComponentState.DEACTIVATING
    committed = max(record.committed_micros, standing_found(component, seen).committed_micros)
    if intent.step is Step.WARM:
        abandoned = [
            IntentAbandoned(component.id, intent.token, from_state, ComponentState.WARM, committed, reason),
        ]
        from_state, step, to_state = ComponentState.WARM, Step.DECOMMISSION, ComponentState.WARM
    undo = StepIntended(
        component=component.id,
        step=step,
        token=intent.token,
        generation=record.generation,
        from_state=from_state,
        to_state=to_state,
        committed_micros=committed,
        deadline_at=now + limits.step_deadline_s * SECOND,
    )
    return [*abandoned, undo]


def after_sight(
    component: Component,
    record: ComponentRecord,
    seen: Observation,
    sight: Sight,
    now: Instant,
    *,
    wanted: ComponentState,
) -> list[Event]:
    """The events of a look that differed from the record.

    What an operator named is adopted in the same group as it is found; where it is missing the component waits for
    that operator. A drifted component that is still wanted keeps its reservation, so that its repair needs no new one.
    """
    standing = standing_found(component, seen, repaired=wanted is ComponentState.HOT)
    if sight is Sight.UNMANAGED:
        found = ResourceUnmanaged(component.id, seen.state, seen.tokens, standing.committed_micros)
        return [found, adoption(record, found)] if record.resource_name else [found]
    if sight is Sight.UNMANAGED_GONE:
        return [ResourceGone(component.id)]
    if sight is Sight.REPAIR_DROPPED:
        dropped = RepairDropped(component.id, record.state, standing.state, standing.committed_micros)
        return [dropped] if wanted is not ComponentState.HOT else []
    if sight is Sight.DIFFERS and wanted is not ComponentState.HOT and record.state is ComponentState.HOT:
        return []  # it is lowered as it is once its turn comes, and until then nobody undoes anything
    if sight is Sight.NAMED_MISSING:
        return not_adopted(component.id, record.resource_name, "was not found")
    window_start = now - CONTESTED_WINDOW_S * SECOND
    recent = sum(1 for at in record.drifts_at if at > window_start) + 1
    contested = sight is Sight.CONTESTED or recent >= CONTESTED_AFTER_DRIFTS
    kept = record.committed_micros if wanted is ComponentState.HOT else 0
    committed = max(kept, standing.committed_micros)
    drifted = ComponentDrifted(
        component=component.id,
        from_state=record.state,
        to_state=standing.state,
        observed=seen.state,
        committed_micros=committed,
        contested=contested,
        detail="; ".join((*filter(None, (seen.foreign_writer,)), *seen.differences))[:DETAIL_CHARACTERS_MAX],
    )
    if component.stateful and seen.state is ResourceState.ABSENT and wanted is not ComponentState.COLD:
        return [drifted, ComponentParked(component.id, DATA_GONE)]
    return [drifted]


def adoption(record: ComponentRecord, found: ResourceUnmanaged) -> ResourceAdopted:
    """The event that gives a found resource into solvent's hands as it stands, as the next generation."""
    return ResourceAdopted(
        component=record.id,
        token=found.tokens[0] if found.tokens else "",
        generation=record.generation + 1,
        from_state=record.state,
        to_state=ComponentState.HOT if found.observed is ResourceState.HOT else ComponentState.WARM,
        committed_micros=found.committed_micros,
    )


_HIGHER: Final = (ComponentState.COLD, ComponentState.WARM, ComponentState.HOT)
DATA_GONE: Final = (
    "what it stored is gone, and solvent did not remove it: nobody is to get an empty one instead unasked; bring it "
    "back, or adopt another, or let solvent make it anew with resume-actor"
)
HELD_REASON: Final = "adopted while the level does not ask for it: held as it stands until unpinned"


def held(adopted: ResourceAdopted, wanted: ComponentState, *, pinned: bool) -> list[Event]:
    """The pin that keeps an adopted resource as it stands where it would be lowered at once; an operator's stays.

    Nobody who hands over what serves expects it to be removed by that.
    """
    if pinned or _HIGHER.index(wanted) >= _HIGHER.index(adopted.to_state):
        return []
    return [PinSet(adopted.component, adopted.to_state, None, HELD_REASON, "solvent")]


def not_adopted(component_id: str, name: str, why: str) -> list[Event]:
    """The name is taken back, lest something be made under it; the operator says how to go on."""
    parked = (
        f"the resource {name} that it was to adopt {why}; send adopt with the name of one that exists, or"
        " resume-actor to let solvent make its own"
    )
    return [ResourceNamed(component_id, "", f"it {why}", "solvent"), ComponentParked(component_id, parked)]


def releases(state: State, wanted: Mapping[str, ComponentState]) -> list[Event]:
    """Give back what was kept for repairs that nobody wants any more."""
    return [
        IntentAbandoned(
            record.id, record.token, ComponentState.COLD, ComponentState.COLD, 0, "the repair is no longer wanted"
        )
        for record in state.components.records.values()
        if record.committed_micros
        and record.state is ComponentState.COLD
        and record.idle
        and record.unmanaged is None
        and wanted.get(record.id) is ComponentState.COLD
    ]

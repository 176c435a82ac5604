"""What one look at a component says against its record, and what solvent would do about it: values, nobody acts."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from config.plan import Component
from machines.events import ComponentDrifted, ComponentParked, Mode, RepairDropped
from machines.lifecycle import next_step
from machines.lifecycle_states import ComponentState
from machines.observations import Observation, ResourceState
from machines.outcomes import after_sight
from machines.state.components import ComponentRecord
from machines.stepping import Resolution, Sight, compare, resolve

_IN_AGREEMENT = frozenset({Sight.AS_RECORDED, Sight.UNSETTLED})
_SETTLED_BY = {
    Resolution.DONE: "record it as done",
    Resolution.WAIT: "wait for the provider",
    Resolution.RETRY: "take it again",
    Resolution.COMPENSATE: "take back what is half made: its deadline passed",
    Resolution.ABANDON: "give it up: its deadline passed",
    Resolution.PARK: "park the component: its deadline passed",
}


class Compared(msgspec.Struct, frozen=True):
    """How a look compares with the record."""

    drifted: bool
    would: str
    """What solvent would do, a sentence's predicate such as `record WARM, then activate it again`."""


def compared(
    component: Component,
    record: ComponentRecord,
    seen: Observation,
    *,
    known_tokens: frozenset[str],
    wanted: ComponentState,
    mode: Mode,
    now: Instant,
) -> Compared:
    """Hold one look against the record; the daemon itself wants two that agree before it believes any of this."""
    if record.intent is not None:
        settled = _SETTLED_BY[resolve(record.intent, seen, now)]
        if mode is not Mode.ACT:
            settled = "leave it open while it observes only"
        return Compared(drifted=False, would=f"{record.intent.step.value} is under way: {settled}")
    sight = compare(record, seen, known_tokens, wanted)
    unrepaired = bool(seen.differences) and seen.state is ResourceState.HOT and wanted is ComponentState.HOT
    drifted = sight not in _IN_AGREEMENT or unrepaired
    if record.parked:
        return Compared(drifted, f"nothing, it is parked: {record.parked}")
    if sight in _IN_AGREEMENT:
        return Compared(drifted, _agreed(record, sight, wanted=wanted, mode=mode))
    return Compared(drifted=True, would=_repair(component, record, seen, sight, wanted=wanted, mode=mode, now=now))


def _agreed(record: ComponentRecord, sight: Sight, *, wanted: ComponentState, mode: Mode) -> str:
    if sight is Sight.UNSETTLED:
        return "look again: the provider is at work"
    if record.unmanaged is not None:
        return "leave it alone until it is adopted"
    moves = mode is Mode.ACT and wanted is not record.state
    return f"move it towards {wanted.value} when its turn comes" if moves else "nothing"


def _repair(
    component: Component,
    record: ComponentRecord,
    seen: Observation,
    sight: Sight,
    *,
    wanted: ComponentState,
    mode: Mode,
    now: Instant,
) -> str:
    if sight is Sight.UNMANAGED:
        named = record.resource_name
        return f"adopt {named}" if named else "count its cost and leave it alone until it is adopted"
    if sight is Sight.UNMANAGED_GONE:
        return "forget what was found: it is gone"
    if sight is Sight.NAMED_MISSING:
        return f"park it: {record.resource_name}, which it is to adopt, is not there"
    event, *more = after_sight(component, record, seen, sight, now, wanted=wanted)
    assert isinstance(event, ComponentDrifted | RepairDropped)
    parked = next((each.reason for each in more if isinstance(each, ComponentParked)), "")
    if parked:
        return f"record {event.to_state.value} and park it: {parked}"
    if isinstance(event, ComponentDrifted) and event.contested:
        return "park it: another writer keeps undoing the repair"
    step = next_step(event.to_state, wanted)
    if step is None:
        return f"record {event.to_state.value}"
    if mode is not Mode.ACT:
        return f"record {event.to_state.value} and change nothing while it observes only"
    return f"record {event.to_state.value}, then {step.value} it"

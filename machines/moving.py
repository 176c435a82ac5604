"""Which components may move at this moment, and where to: recomputed from the state, never remembered.

Rising goes wave by wave: a wave that does not stand stops the later ones, its wave-mates finish. Falling goes the other
way round, and what a higher level replaced falls only after the higher level stands (ARCHITECTURE 8, 9).
"""

from __future__ import annotations

import msgspec

from config.plan import Component, Plan
from machines.breaker import Breaker
from machines.deciding.waves import targets, waves_up
from machines.events import BreakerStatus, Mode
from machines.granting import breaker_names, reservation_for
from machines.lifecycle import next_step
from machines.lifecycle_states import ComponentState
from machines.permits import Reservation
from machines.standby import rest_standbys
from machines.state.components import ComponentRecord
from machines.state.whole import State

_RANK = {
    ComponentState.COLD: 0,
    ComponentState.WARMING: 1,
    ComponentState.WARM: 2,
    ComponentState.ACTIVATING: 3,
    ComponentState.DEACTIVATING: 3,
    ComponentState.HOT: 4,
}

_WARM, _HOT = _RANK[ComponentState.WARM], _RANK[ComponentState.HOT]
_UNBROKEN = Breaker()


class Order(msgspec.Struct, frozen=True):
    """The fixed part of a plan: its waves, its dependants and the first level of each component."""

    waves: tuple[tuple[str, ...], ...]
    dependants: dict[str, tuple[str, ...]]
    first_level: dict[str, int]


def order_of(plan: Plan) -> Order:
    """What of the movement depends on the plan alone."""
    dependants: dict[str, list[str]] = {component_id: [] for component_id in plan.components}
    for component in plan.components.values():
        for required in component.requires:
            dependants[required].append(component.id)
    first_level: dict[str, int] = {}
    for level in plan.levels:
        for component_id in level.components:
            first_level.setdefault(component_id, level.index)
    return Order(
        waves=waves_up(plan, tuple(plan.components)),
        dependants={component_id: tuple(each) for component_id, each in dependants.items()},
        first_level=first_level,
    )


def wanted_states(plan: Plan, state: State) -> dict[str, ComponentState]:
    """Where each component should stand: the held or released level, with what operators pinned laid over it."""
    records = state.components.records
    never_raised = {
        component_id
        for component_id in plan.components
        if (record := records.get(component_id)) is None
        or (record.generation == 0 and record.state is ComponentState.COLD)
    }
    deciding = state.deciding
    # A decision that waits, was refused or stands behind a held level brings nothing of the level after it either.
    held = state.operators.level is not None
    released = deciding.decision is not None and deciding.decision.level == deciding.released_level and not held
    wanted = targets(
        plan,
        state.target_level,
        deciding.decided.partial if released else (),
        deciding.decision.prewarm if released and deciding.decision else (),
        never_raised,
    )
    rest_standbys(plan, state, wanted)
    for component_id in state.retired:
        wanted[component_id] = ComponentState.COLD
    for component_id, pin in state.operators.pins.items():
        if component_id in wanted:
            wanted[component_id] = pin.state
    return wanted


def moves(plan: Plan, state: State, order: Order) -> dict[str, ComponentState]:
    """The components that may move now, with their targets; those with an open intent finish it whatever this says."""
    if state.mode is not Mode.ACT or state.frozen:
        return {}
    wanted = wanted_states(plan, state)
    allowed: dict[str, ComponentState] = {}
    operators = state.operators
    rising_done, hopeful = True, False
    if operators.pauses(raising=True) is None:
        rising_done, hopeful = _rise(plan, state, order, wanted, allowed)
    if operators.pauses(raising=False) is None:
        _fall(state, order, wanted, allowed, rising_done=rising_done, hopeful=hopeful)
    return allowed


def _rise(
    plan: Plan,
    state: State,
    order: Order,
    wanted: dict[str, ComponentState],
    allowed: dict[str, ComponentState],
) -> tuple[bool, bool]:
    """Allow the first unfinished wave and whatever is pinned; whether all has risen, and whether some may yet."""
    done, hopeful, open_wave = True, False, True
    for wave in order.waves:
        wave_stands = True
        for component_id in wave:
            target = wanted.get(component_id)
            record = state.components.of(component_id)
            if target is None or _RANK[record.state] >= _RANK[target]:
                continue
            pinned = component_id in state.operators.pins
            if target is ComponentState.HOT:
                done = False
                wave_stands = wave_stands and pinned
            if record.unmanaged is not None or record.parked:
                continue
            if (open_wave or pinned) and _requirements_stand(plan, state, component_id, target):
                allowed[component_id] = target
                hopeful = hopeful or _may_yet_rise(plan, state, record, target)
        open_wave = open_wave and wave_stands
    return done, hopeful


def _may_yet_rise(plan: Plan, state: State, record: ComponentRecord, target: ComponentState) -> bool:
    """Whether what must fall waits for this rise: not where it fails, nor where a breaker or the cap refuses it.

    What runs above the level may be the very cost that the cap objects to, and saving money waits for no provider.
    """
    if record.intent is not None:
        return record.intent.attempt == 1
    step = next_step(record.state, target)
    component = plan.components[record.id]
    if any(state.breakers.get(name, _UNBROKEN).status is not BreakerStatus.CLOSED for name in breaker_names(component)):
        return False
    return step is not None and isinstance(reservation_for(state, component, record, step), Reservation)


def _requirements_stand(plan: Plan, state: State, component_id: str, target: ComponentState) -> bool:
    return all(
        plan.components[required].host or _RANK[state.components.of(required).state] >= _RANK[target]
        for required in plan.components[component_id].requires
    )


def _fall(
    state: State,
    order: Order,
    wanted: dict[str, ComponentState],
    allowed: dict[str, ComponentState],
    *,
    rising_done: bool,
    hopeful: bool,
) -> None:
    """Allow the last unfinished wave downwards, after what replaces it has risen."""
    removed = tuple(each for each in wanted if each not in order.first_level)
    for wave in (removed, *reversed(order.waves)):
        wave_stands = True
        for component_id in wave:
            record = state.components.of(component_id)
            if not _falling(record, wanted[component_id]) or record.unmanaged is not None:
                continue
            replaced = order.first_level.get(component_id, 0) <= state.target_level
            pinned = component_id in state.operators.pins
            wait = not pinned and (not rising_done if replaced else hopeful)
            if record.parked or wait or not _dependants_fell(state, order, wanted, component_id):
                continue
            allowed[component_id] = wanted[component_id]
            failing = record.intent is not None and record.intent.attempt > 1
            wave_stands = wave_stands and failing
        if not wave_stands:
            return


def _falling(record: ComponentRecord, target: ComponentState) -> bool:
    return _RANK[record.state] > _RANK[target]


def _dependants_fell(state: State, order: Order, wanted: dict[str, ComponentState], component_id: str) -> bool:
    return all(
        dependant not in wanted or not _falling(state.components.of(dependant), wanted[dependant])
        for dependant in order.dependants.get(component_id, ())
    )


def level_reached(plan: Plan, state: State) -> int:
    """The highest level whose components are all HOT, its stand-bys at least WARM; 0 while none is (RESOLUTIONS 20)."""
    for level in reversed(plan.levels):
        if all(_stands(plan.components[component_id], state) for component_id in level.components):
            return level.index
    return 0


def _stands(component: Component, state: State) -> bool:
    if component.host:
        return True
    return _RANK[state.components.of(component.id).state] >= (_WARM if component.standby_for else _HOT)

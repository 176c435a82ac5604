"""Why a component stands where it stands, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from config.instants import Instant, instant_text
from config.plan import Component, Plan
from daemon.cli.dial_view import dial_reasons
from daemon.cli.left_open import LeftOpen, left_open_reasons
from daemon.cli.status_view import alarm_text, pause_text
from daemon.publication.held import words
from daemon.telling_commands import UNKNOWN_PLACE, Orders
from machines.breaker import Breaker, BreakerLimits, reopens_at, wait_micros
from machines.events import BreakerStatus, Mode
from machines.granting import GrantLimits, Refusal, breaker_names, judge_step
from machines.lifecycle import next_step
from machines.lifecycle_states import RAISING, ComponentState
from machines.moving import moves, order_of, wanted_states
from machines.state.components import ComponentRecord
from machines.state.whole import State

_LIMITS = GrantLimits(step_deadline_s=3_600, breaker=BreakerLimits())
"""Only the reason of a refusal is shown, and none names a limit."""
NO_END = "until set-level auto"
_HEIGHT = {
    ComponentState.COLD: 0,
    ComponentState.WARMING: 1,
    ComponentState.WARM: 2,
    ComponentState.ACTIVATING: 3,
    ComponentState.DEACTIVATING: 3,
    ComponentState.HOT: 4,
}


def reasons(
    plan: Plan,
    state: State,
    component: Component,
    now: Instant,
    orders: Orders = UNKNOWN_PLACE,
    *,
    left_open: LeftOpen | None = None,
) -> Iterator[str]:
    """Sentences, the most telling first; `now` decides only what an open breaker and an open step still wait for."""
    record = state.components.of(component.id)
    for alarm in state.costs.alarms.values():
        if alarm.component == component.id:
            yield f"Its cost is in alarm: {alarm_text(alarm)} (solvent costs)."
    if component.host:
        yield "It is the machine that solvent runs on: accounted, never actuated."
        return
    yield _wish(plan, state, component)
    yield from _held(state, record, orders)
    yield from dial_reasons(state, component.id)
    if record.intent is not None:
        yield from _under_way(record)
        yield from left_open_reasons(state, record, left_open, now)
    target = wanted_states(plan, state).get(component.id)
    if target is None or target is record.state:
        return
    stopped = list(_stopped(state))
    yield from stopped
    if not stopped and not record.parked and record.unmanaged is None:
        yield from _next(plan, state, component, target=target, now=now, orders=orders)


def _wish(plan: Plan, state: State, component: Component) -> str:
    released, held = state.target_level, state.operators.level
    if component.id in state.retired:
        return "The plan no longer has it: it is managed until it is COLD."
    levels = [level.index for level in plan.levels if component.id in level.components]
    named = ", ".join(str(each) for each in levels) or "none"
    acted_upon = "is acted upon" if held is None else f"is held {words(held.until, held.by, held.reason, NO_END)},"
    if released in levels:
        return f"Level {released} ({plan.levels[released].name}) {acted_upon} and enables it (levels: {named})."
    rest = "WARM, since it keeps data" if component.stateful else "COLD"
    also = "" if held is None else f"{acted_upon} and "
    return (
        f"Level {released} ({plan.levels[released].name}) {also}does not enable it (levels: {named}): it rests {rest}."
    )


def _held(state: State, record: ComponentRecord, orders: Orders) -> Iterator[str]:
    pin = state.operators.pins.get(record.id)
    if pin is not None:
        said = words(pin.until, pin.by, pin.reason, "until it is unpinned")
        yield f"It is pinned {pin.state.value} {said} ({orders.line('unpin', component=record.id)})."
    if record.parked:
        yield f"It is parked: {record.parked} ({orders.line('resume-actor', actor=f'component:{record.id}')})."
    if record.unmanaged is not None:
        yield f"A resource was found {record.unmanaged.value} that solvent did not make: untouched until adopted."
    if record.resource_name and record.state is ComponentState.COLD:
        yield f"It is to adopt {record.resource_name}: two looks that agree find it, until then nothing is made."
    elif record.resource_name:
        yield f"It manages the adopted resource {record.resource_name}."
    found = state.operators.approval_for(f"component:{record.id}", approved=False)
    if found is not None:
        yield f"It waits for approval {found[0]}: {found[1].reason} ({orders.line('approve', id=found[0])})."
    held, deciding = state.operators.level, state.deciding
    asked = None if held is None else state.operators.approval_for(held.subject, approved=False)
    if asked is not None:
        how = orders.line("approve", id=asked[0])
        yield f"The held level waits for approval {asked[0]}: {asked[1].reason} ({how})."
    if deciding.released_level != deciding.decided.level:
        yield f"Level {deciding.decided.level} is decided and waits for approval (solvent status names its id)."


def _under_way(record: ComponentRecord) -> Iterator[str]:
    intent = record.intent
    assert intent is not None
    yield (
        f"{intent.step.value} is under way since {instant_text(intent.opened_at)}: attempt {intent.attempt}, deadline"
        f" {instant_text(intent.deadline_at)}, token {intent.token}."
    )
    if intent.answered is not None:
        yield f"The last answer was {intent.answered.value}: {intent.reason or 'no reason was given'}."


def _stopped(state: State) -> Iterator[str]:
    """What stops all components."""
    if state.mode is not Mode.ACT:
        yield "The daemon observes only: it decides and changes nothing until it is started with --act."
    if state.frozen:
        yield f"Frozen: {state.frozen}."


def _next(
    plan: Plan, state: State, component: Component, *, target: ComponentState, now: Instant, orders: Orders
) -> Iterator[str]:
    """What the next step waits for, or what refuses it."""
    record = state.components.of(component.id)
    rising = _HEIGHT[target] > _HEIGHT[record.state]
    pause = state.operators.pauses(raising=rising)
    if pause is not None:
        yield f"Moves are {pause_text(pause)} ({orders.line('resume')})."
        return
    order = order_of(plan)
    allowed = moves(plan, state, order)
    if component.id not in allowed:
        lacking = tuple(_lacking(plan, state, component, target)) if rising else ()
        if lacking:
            yield f"It needs {' and '.join(lacking)}; activate that first."
            return
        waits = tuple(_waits_for(plan, state, component, order.waves, rising=rising))
        after = ", ".join(waits) or "what else moves before it"
        yield f"It {'rises' if rising else 'falls'} after: {after}."
        return
    step = record.intent.step if record.intent is not None else next_step(record.state, target)
    if step is None:
        return
    if step in RAISING:
        yield from _open_breakers(state, component, now, orders)
    judged = judge_step(state, component.id, step, allowed=allowed, now=now, epoch=1, limits=_LIMITS)
    if isinstance(judged, Refusal):
        yield f"The step {step.value} is refused: {judged.reason}."
    elif record.intent is None:
        yield f"Its next step is {step.value}, and nothing stands in the way."


def _open_breakers(state: State, component: Component, now: Instant, orders: Orders) -> Iterator[str]:
    for name in breaker_names(component):
        breaker = state.breakers.get(name, Breaker())
        if breaker.status is BreakerStatus.OPEN:
            until = instant_text(min(reopens_at(breaker), now + wait_micros(breaker, now)))
            yield f"The breaker {name} is open until {until} ({orders.line('reset-breaker', breaker=name)})."
        elif breaker.status is BreakerStatus.HALF_OPEN:
            yield f"The breaker {name} is half open: one probe is under way."


def _lacking(plan: Plan, state: State, component: Component, target: ComponentState) -> Iterator[str]:
    """What the component requires, does not stand, and is not on its way up either."""
    wanted = wanted_states(plan, state)
    for required in component.requires:
        stands = state.components.of(required).state
        asked = wanted.get(required, ComponentState.COLD)
        if not plan.components[required].host and max(_HEIGHT[stands], _HEIGHT[asked]) < _HEIGHT[target]:
            yield f"{required}, which is {stands.value}"


def _waits_for(
    plan: Plan, state: State, component: Component, waves: tuple[tuple[str, ...], ...], *, rising: bool
) -> Iterator[str]:
    """The components that must come to rest before this one: requirements and earlier waves, or the reverse."""
    wanted = wanted_states(plan, state)
    mine = next((index for index, wave in enumerate(waves) if component.id in wave), None)
    for index, wave in enumerate(waves):
        for other in wave:
            if other == component.id or other not in wanted:
                continue
            height, goal = _HEIGHT[state.components.of(other).state], _HEIGHT[wanted[other]]
            earlier = mine is not None and (index < mine if rising else index > mine)
            if (rising and earlier and height < goal) or (not rising and (earlier and height > goal)):
                yield f"{other} ({state.components.of(other).state.value})"
            elif not rising and height < goal:
                yield f"{other} (rising)"

"""Granting or refusing one step: who says what, in which order (pause, pin, held level, planner; the cap under all)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial

import msgspec

from config.instants import DAY, SECOND, Instant
from config.money import amount_text
from config.plan import Component, Plan
from machines import breaker as breakers
from machines.breaker import Admission, Breaker, BreakerLimits
from machines.deciding.facts import Decision
from machines.events import ApprovalAsked, ApprovalEnded, BreakerChanged, BreakerStatus, Event, StepIntended
from machines.lifecycle import next_step, state_while
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.permits import OverCap, Reservation, UnknownPrice, cost_in, reserve
from machines.state.components import ComponentRecord
from machines.state.deciding import FLOOR, Deciding
from machines.state.operators import COMPONENT
from machines.state.whole import State
from machines.tokens import token

APPROVAL_LIVES_DAYS = 7
"""An approval nobody gives in a week is asked for anew."""


class GrantLimits(msgspec.Struct, frozen=True):
    """What a step is held to."""

    step_deadline_s: int
    breaker: BreakerLimits


class Grant(msgspec.Struct, frozen=True):
    """The step may be taken once these events are durable; the last of them is the intent."""

    events: tuple[Event, ...]
    intent: StepIntended


class Refusal(msgspec.Struct, frozen=True):
    """The step may not be taken now. `withdrawn` says that nobody wants it any more."""

    reason: str
    retry_after_s: float | None = None
    withdrawn: bool = False
    over_cap: bool = False
    events: tuple[Event, ...] = ()


def cap_of(state: State) -> int:
    """The cap of the moment in micros: what the target level may burn, and what revenue pays for.

    A held level is asked by the measures that its own decision tested. On the floor nobody decided a cap by revenue,
    so it is computed from the newest measure; without one it is 0.
    """
    decision, plan = state.deciding.decision, state.plan
    if decision is None or plan is None:
        return 0
    if state.operators.level is not None:
        return _held_cap(plan, state.target_level, decision)
    burn = plan.levels[_target_level(plan, state.deciding, decision)].max_burn_micros
    if decision.cap_micros is not None:
        return min(decision.cap_micros, burn)
    return _paid(plan, burn, decision.measure_micros)


def _held_cap(plan: Plan, level: int, decision: Decision) -> int:
    """Whoever holds a level holds it to its own burn, and to what revenue pays for at the last close."""
    said = next((each.lowest_tested_micros for each in decision.explanation if each.level == level), None)
    measure = decision.measure_micros if said is None else min(said, decision.measure_micros)
    cap = _paid(plan, plan.levels[level].max_burn_micros, measure)
    decided = plan.levels[min(decision.level, len(plan.levels) - 1)]
    # What revenue paid for by more months than one stays the limit, whichever level it was worked out for.
    by_revenue = decision.cap_micros is not None and decision.cap_micros < decided.max_burn_micros
    return min(cap, decision.cap_micros) if by_revenue and decision.cap_micros is not None else cap


def _paid(plan: Plan, burn_micros: int, measure_micros: int) -> int:
    return min(burn_micros, int(Fraction(plan.policies.safety.ratio_max) * max(0, measure_micros)))


def _target_level(plan: Plan, deciding: Deciding, decision: Decision) -> int:
    """The released level or, while the decision has a part of the next one stand, that one: its cap was decided."""
    released = deciding.released_level
    ahead = deciding.decided.partial or (released == FLOOR and decision.prewarm)
    if not ahead or released != decision.level:
        return released
    return min(released + 1, len(plan.levels) - 1)


def judge_step(
    state: State,
    component_id: str,
    step: Step,
    *,
    allowed: Mapping[str, ComponentState],
    now: Instant,
    epoch: int,
    limits: GrantLimits,
) -> Grant | Refusal:
    """Whether a component may take `step` now: a new one, or another attempt at its open one."""
    component, record = state.component(component_id), state.components.of(component_id)
    plan = state.plan
    if component is None or plan is None or component.host:
        return Refusal(f"{component_id} is not a component of the plan")
    if record.parked:
        return Refusal(f"{component_id} is parked: {record.parked}")
    refusal = _against_wish(state, record, step, allowed)
    if refusal is not None:
        return refusal
    changed: tuple[Event, ...] = ()
    if step in RAISING:
        admitted = _through_breakers(state, component, now)
        if isinstance(admitted, Refusal):
            return admitted
        changed = admitted
    new_resource = step is Step.WARM and record.intent is None
    generation = record.generation + 1 if new_resource else record.generation
    reservation = reservation_for(state, component, record, step, now)
    if isinstance(reservation, UnknownPrice):
        return Refusal(reservation.reason)
    if isinstance(reservation, OverCap):
        return _over_cap(state, component_id, reservation, now)
    intent = StepIntended(
        component=component_id,
        step=step,
        token=token(plan.id, component_id, generation, epoch) if new_resource else record.token,
        generation=generation,
        from_state=record.state,
        to_state=record.state if record.intent is not None else state_while(step, record.state),
        committed_micros=reservation.committed_micros,
        deadline_at=record.intent.deadline_at if record.intent else now + limits.step_deadline_s * SECOND,
        attempt=record.intent.attempt + 1 if record.intent else 1,
        override=reservation.override,
        cap_micros=reservation.cap_micros,
        total_micros=reservation.total_micros,
    )
    return Grant((*changed, intent), intent)


def _against_wish(
    state: State, record: ComponentRecord, step: Step, allowed: Mapping[str, ComponentState]
) -> Refusal | None:
    """A new step must be wished for; another attempt of a raise must still be."""
    target = allowed.get(record.id)
    if record.intent is None:
        if target is None or next_step(record.state, target) is not step:
            return Refusal(f"nothing asks {record.id} to {step.value} now", withdrawn=True)
        if step is Step.WARM and record.resource_name:
            why = f"{record.id} is to adopt {record.resource_name}: nothing is made before it was looked for"
            return Refusal(why, retry_after_s=1)
        return None
    if record.intent.step is not step:
        return Refusal(f"{record.id} has an open intent to {record.intent.step.value}")
    if step not in RAISING:
        return None
    if state.frozen:
        return Refusal(f"frozen: {state.frozen}", retry_after_s=60)
    pause = state.operators.pauses(raising=True)
    if pause is not None:
        return Refusal(f"paused by {pause.by}: {pause.reason}", retry_after_s=60)
    if target is None or target is ComponentState.COLD:
        return Refusal(f"{record.id} is no longer wanted", withdrawn=True)
    return None


def breaker_names(component: Component) -> tuple[str, str]:
    """The two breakers that gate a component's raising calls."""
    return f"provider:{component.failure_domain}", f"component:{component.id}"


def _through_breakers(state: State, component: Component, now: Instant) -> tuple[Event, ...] | Refusal:
    """The half-open events of a probe, () where both breakers are closed, or the refusal."""
    probes: list[Event] = []
    for name in breaker_names(component):
        breaker = state.breakers.get(name, Breaker())
        if breaker.status is BreakerStatus.HALF_OPEN and breaker.probe == component.id:
            continue  # another attempt of the probe itself
        admission = breakers.admission(breaker, now)
        if breaker.status is BreakerStatus.HALF_OPEN and state.components.of(breaker.probe).intent is None:
            admission = Admission.PROBE  # the probe was given up without an answer
        if admission is Admission.REFUSE:
            wait_s = max(1.0, breakers.wait_micros(breaker, now) / SECOND)
            return Refusal(f"the breaker {name} is {breaker.status.value}", retry_after_s=wait_s)
        if admission is Admission.PROBE:
            probes.append(breaker_event(name, breakers.probing(breaker, component.id), f"probe by {component.id}"))
    return tuple(probes)


def breaker_event(name: str, breaker: Breaker, reason: str) -> BreakerChanged:
    """The event that carries a breaker's whole memory."""
    return BreakerChanged(
        name, breaker.status, breaker.failures_at, breaker.opened_at, breaker.cooldown_s, reason, breaker.probe
    )


def reservation_for(
    state: State, component: Component, record: ComponentRecord, step: Step, now: Instant | None = None
) -> Reservation | OverCap | UnknownPrice:
    """What the cap says to a step at `now`; without a time an approval counts until its end is recorded."""
    floor = state.plan is not None and component.id in state.plan.floor_components
    reserved = partial(
        reserve,
        component,
        step,
        own_micros=record.committed_micros,
        total_micros=state.components.committed_micros,
        cap_micros=None if floor else cap_of(state),
    )
    answer = reserved()
    if isinstance(answer, OverCap):
        override = _override(state, component.id, answer.total_micros, now)
        return reserved(override=override) if override else answer
    return answer


def _override(state: State, component_id: str, total_micros: int, now: Instant | None) -> str:
    """The approval under which a step of the component may take the total above the cap; "" where there is none.

    One that has run out counts no more, also where its end was not recorded yet: after a downtime, say.
    """
    subjects = [subject for subject, _ in _asks(state, component_id)]
    for approval_id, approval in state.operators.approvals.items():
        given = approval.subject in subjects and approval.approved_by and approval.exceeds_cap
        if given and approval.covers(total_micros) and (now is None or approval.until > now):
            return approval_id
    return ""


def _asks(state: State, component_id: str) -> Iterator[tuple[str, str]]:
    """What a second operator could approve of a component's step, and who asks for it."""
    pin = state.operators.pins.get(component_id)
    if pin is not None:
        yield f"{COMPONENT}{component_id}", pin.by
    held, plan = state.operators.level, state.plan
    if held is None or plan is None:
        return
    if component_id in plan.levels[state.target_level].components:
        yield held.subject, held.by


def _over_cap(state: State, component_id: str, over: OverCap, now: Instant) -> Refusal:
    """Refuse; where an operator asked for the step, ask a second one to approve what it comes to in all."""
    subject, by = next(_asks(state, component_id), ("", ""))
    if not subject:
        return Refusal(over.reason, over_cap=True)
    total = max(over.total_micros, _wished_total(state, component_id, subject))
    waiting = state.operators.approval_for(subject, approved=False)
    if waiting is not None and waiting[1].covers(total):
        return Refusal(over.reason, over_cap=True)
    reason = f"{over.reason} (missing {amount_text(over.missing_micros)})"
    name = component_id if subject.startswith(COMPONENT) else subject.replace(":", "-")
    approval = ApprovalAsked(
        approval_id=f"{name}-{state.sequence + 1}",
        subject=subject,
        reason=_question(state, component_id, over, total),
        by=by,
        until=now + APPROVAL_LIVES_DAYS * DAY,
        exceeds_cap=True,
        total_micros=total,
    )
    outgrown = () if waiting is None else (ApprovalEnded(waiting[0], "more is asked for by now"),)
    return Refusal(reason, over_cap=True, events=(*outgrown, approval))


def _wished_total(state: State, component_id: str, subject: str) -> int:
    """What committed and reserved cost come to once all stands that the subject asks for."""
    assert state.plan is not None
    pin = state.operators.pins.get(component_id)
    if subject.startswith(COMPONENT):
        wished = {component_id: ComponentState.HOT if pin is None else pin.state}
    else:
        wished = dict.fromkeys(state.plan.levels[state.target_level].components, ComponentState.HOT)
    total, records = state.components.committed_micros, state.components.records
    for each, target in wished.items():
        component = state.plan.components[each]
        own = records[each].committed_micros if each in records else 0
        if not component.host:  # what the machine itself costs is counted whatever is asked for
            total += max(0, (cost_in(component, target) or 0) - own)
    return total


def _question(state: State, component_id: str, over: OverCap, total_micros: int) -> str:
    """What the approver is asked: the amount in all first, since that is what an approval allows."""
    decision, cap = state.deciding.decision, over.total_micros - over.missing_micros
    revenue = "" if decision is None else f", at {amount_text(decision.measure_micros)} revenue"
    return (
        f"{amount_text(total_micros)} a month in all, {amount_text(cap)} is the cap{revenue};"
        f" {component_id} waits: {over.reason}"
    )

"""I12: once faults cease, every component reaches its target or is parked."""

from __future__ import annotations

from config.instants import Instant
from machines.events import Mode
from machines.granting import Grant, GrantLimits, judge_step
from machines.judging import undecided
from machines.lifecycle import next_step
from machines.lifecycle_states import RAISING
from machines.moving import moves, order_of
from machines.state.whole import State


def unsettled(state: State, *, now: Instant, epoch: int, limits: GrantLimits, days_through: Instant = 0) -> list[str]:
    """What is still under way or due, one sentence each; [] when only an outside event can change anything.

    What waits for an operator (a freeze, a pause, an approval, a parked component, the cap) is settled.
    """
    plan = state.plan
    if plan is None:
        return ["no plan was adopted"]
    found: list[str] = []
    if not state.frozen and undecided(state, days_through, now):
        found.append("a closed month is not judged yet")
    if state.mode is not Mode.ACT:
        return found
    held_up = state.frozen is not None or state.operators.pauses(raising=True) is not None
    for record in state.components.records.values():
        intent = record.intent
        if intent is not None and not record.parked and not (held_up and intent.step in RAISING):
            found.append(f"{record.id} has an open intent to {intent.step.value}")
    allowed = moves(plan, state, order_of(plan))
    for component_id, target in allowed.items():
        record = state.components.of(component_id)
        step = next_step(record.state, target)
        if record.intent is not None or record.parked or step is None:
            continue
        judged = judge_step(state, component_id, step, allowed=allowed, now=now, epoch=epoch, limits=limits)
        if isinstance(judged, Grant) or judged.events or judged.retry_after_s is not None:
            found.append(f"{component_id} is {record.state.value} and may {step.value}")
    return found

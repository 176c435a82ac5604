"""What is to be said of one component: where it stands, why, and how it came there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from config.instants import Instant, instant_text
from config.money import amount_text
from config.plan import Plan
from daemon.cli.component_reasons import reasons
from daemon.cli.dial_view import dial_object
from daemon.cli.event_text import event_text
from daemon.cli.left_open import LeftOpen
from daemon.publication.figures import breaker_status
from daemon.telling_commands import Orders
from machines.events import LevelDecided, Recorded
from machines.moving import wanted_states
from machines.state.components import Intent
from machines.state.whole import State


class StepTold(msgspec.Struct, frozen=True):
    """One event of a component, and the event that caused it where the journal still has it."""

    recorded: Recorded
    cause: Recorded | None


def component_object(
    plan: Plan,
    state: State,
    component_id: str,
    *,
    told: Sequence[StepTold],
    now: Instant,
    began_at: Instant | None,
    orders: Orders,
    left_open: LeftOpen | None = None,
) -> dict[str, Any]:
    """One component as the journal has it; null is unknown."""
    component, record = state.component(component_id), state.components.of(component_id)
    assert component is not None
    target = wanted_states(plan, state).get(component_id)
    since = record.since or began_at
    price = component.monthly_cost_micros
    return {
        "component": component_id,
        "state": record.state.value,
        "since": None if since is None else instant_text(since),
        "target": None if target is None else target.value,
        "cost": amount_text(record.committed_micros),
        "monthly_cost": None if price is None else amount_text(price),
        "levels": [level.index for level in plan.levels if component_id in level.components],
        "requires": list(component.requires),
        "provisioner": component.provisioner,
        "breaker": breaker_status(state, component_id).value,
        "parked": record.parked or None,
        "intent": None if record.intent is None else _intent(record.intent),
        **({} if (dial := dial_object(state, component_id)) is None else {"dial": dial}),
        "reasons": list(reasons(plan, state, component, now, orders, left_open=left_open)),
        "steps": [_step(each) for each in told],
    }


def component_lines(shown: dict[str, Any], told: Sequence[StepTold], currency: str) -> Iterator[str]:
    """The same in sentences."""
    target = "" if shown["target"] is None else f", target {shown['target']}"
    since = "" if shown["since"] is None else f" since {shown['since']}"
    price = shown["monthly_cost"] or "an unknown price"
    yield f"{shown['component']}: {shown['state']}{since}{target}"
    yield f"  counts {shown['cost']} of {price} {currency} a month; {shown['provisioner']}; breaker {shown['breaker']}"
    yield from (f"  {each}" for each in shown["reasons"])
    if not told:
        yield "Nothing was done to it yet."
        return
    yield "Last steps:"
    for each in told:
        why = "" if each.cause is None else f"  <- {each.cause.sequence}: {_cause_text(each.cause)}"
        recorded = each.recorded
        yield f"  {recorded.sequence}  {instant_text(recorded.recorded_at)}  {event_text(recorded.event)}{why}"


def _intent(intent: Intent) -> dict[str, Any]:
    return {
        "step": intent.step.value,
        "token": intent.token,
        "attempt": intent.attempt,
        "opened_at": instant_text(intent.opened_at),
        "deadline_at": instant_text(intent.deadline_at),
        "answered": None if intent.answered is None else intent.answered.value,
        "reason": intent.reason,
    }


def _step(told: StepTold) -> dict[str, Any]:
    recorded = told.recorded
    return {
        "sequence": recorded.sequence,
        "recorded_at": instant_text(recorded.recorded_at),
        "type": type(recorded.event).__name__,
        "text": event_text(recorded.event),
        "cause": recorded.cause,
        "cause_text": None if told.cause is None else event_text(told.cause.event),
    }


def _cause_text(cause: Recorded) -> str:
    """A decision in full; of anything else its kind is enough, since it stands in the list too."""
    return event_text(cause.event) if isinstance(cause.event, LevelDecided) else type(cause.event).__name__

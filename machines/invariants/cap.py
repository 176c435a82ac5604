"""I4: each raise counts what it costs, and none takes committed + reserved cost above the cap of its moment."""

from __future__ import annotations

from config.money import amount_text
from machines.events import Recorded, StepIntended
from machines.granting import cap_of
from machines.invariants.finding import Finding
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.permits import cost_in
from machines.state.components import ComponentRecord
from machines.state.operators import COMPONENT
from machines.state.whole import State


def steps_over_cap(state: State, recorded: Recorded) -> list[Finding]:
    """A step that raised its own figure past the cap without a live approval; `state` is the one before.

    The floor is exempt, and so is a step that raises nothing (ARCHITECTURE 8).
    """
    event = recorded.event
    if not isinstance(event, StepIntended):
        return []
    record = state.components.records.get(event.component) or ComponentRecord(event.component)
    own, sequence = record.committed_micros, recorded.sequence
    uncounted = _uncounted(state, recorded, event)
    if uncounted:
        return uncounted
    if event.committed_micros < own:
        text = f"{event.component} counts {amount_text(event.committed_micros)} from {amount_text(own)} on, unconfirmed"
        return [Finding("I4", text, sequence)]
    floor = state.plan is not None and event.component in state.plan.floor_components
    if event.committed_micros == own or floor:
        return []
    total = state.components.committed_micros - own + event.committed_micros
    cap = cap_of(state)
    if total <= cap or approved(state, recorded, event, total):
        return []
    text = f"{event.step.value} of {event.component} takes the total to {amount_text(total)}, above {amount_text(cap)}"
    return [Finding("I4", text, sequence)]


def _uncounted(state: State, recorded: Recorded, event: StepIntended) -> list[Finding]:
    """A raise must count the plan's price of where it leads: what the event itself says proves nothing."""
    component = state.component(event.component)
    if component is None or event.step not in RAISING:
        return []
    price = cost_in(component, ComponentState.HOT if event.step is Step.ACTIVATE else ComponentState.WARM)
    if price is not None and event.committed_micros >= price:
        return []
    costs = "an unknown price" if price is None else amount_text(price)
    text = f"{event.step.value} of {event.component} counts {amount_text(event.committed_micros)}, and costs {costs}"
    return [Finding("I4", text, recorded.sequence)]


def approved(state: State, recorded: Recorded, event: StepIntended, total_micros: int) -> bool:
    """Whether a second operator's approval, alive at that moment, lets the step take the total above the cap."""
    approval, held = state.operators.approvals.get(event.override), state.operators.level
    return (
        approval is not None
        and approval.exceeds_cap
        and approval.covers(total_micros)
        and approval.subject in (f"{COMPONENT}{event.component}", held.subject if held is not None else "")
        and approval.approved_by not in ("", approval.asked_by)
        and approval.until > recorded.recorded_at
    )

"""I6: no raising call goes through an open breaker; at most one probe while it is half-open."""

from __future__ import annotations

from machines.events import BreakerStatus, Recorded, StepIntended
from machines.granting import breaker_names
from machines.invariants.finding import Finding
from machines.lifecycle_states import RAISING
from machines.state.whole import State


def steps_past_breakers(state: State, recorded: Recorded) -> list[Finding]:
    """Raising steps past a breaker that should have stopped them; `state` is the one before."""
    event = recorded.event
    component = state.component(event.component) if isinstance(event, StepIntended) else None
    if not isinstance(event, StepIntended) or event.step not in RAISING or component is None:
        return []
    found: list[Finding] = []
    for name in breaker_names(component):
        breaker = state.breakers.get(name)
        if breaker is None or breaker.status is BreakerStatus.CLOSED:
            continue
        if breaker.status is BreakerStatus.OPEN:
            text = f"{event.step.value} of {event.component} goes through {name}, which is open"
            found.append(Finding("I6", text, recorded.sequence))
        elif breaker.probe != event.component:
            text = f"{event.component} goes through {name} while {breaker.probe or 'nobody'} probes it"
            found.append(Finding("I6", text, recorded.sequence))
    return found

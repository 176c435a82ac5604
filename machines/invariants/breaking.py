"""I6: no raising call goes through an open breaker; at most one probe while it is half-open."""

from __future__ import annotations

from machines.events import BreakerChanged, BreakerStatus, Recorded, StepIntended
from machines.granting import breaker_names
from machines.invariants.finding import Finding
from machines.lifecycle_states import RAISING
from machines.state.whole import State


class Breaking:
    """Watches what raises past the breakers."""

    def __init__(self) -> None:
        self._probes: dict[str, str] = {}
        """The component whose probe goes through each half-open breaker."""

    def check(self, state: State, recorded: Recorded) -> list[Finding]:
        """Raising steps past a breaker that should have stopped them; `state` is the one before."""
        event = recorded.event
        if isinstance(event, BreakerChanged):
            self._probes.pop(event.breaker, None)
            return []
        if not isinstance(event, StepIntended) or event.step not in RAISING:
            return []
        component = state.component(event.component)
        found: list[Finding] = []
        for name in breaker_names(component) if component is not None else ():
            breaker = state.breakers.get(name)
            if breaker is None or breaker.status is BreakerStatus.CLOSED:
                continue
            if breaker.status is BreakerStatus.OPEN:
                text = f"{event.step.value} of {event.component} goes through {name}, which is open"
                found.append(Finding("I6", text, recorded.sequence))
                continue
            probe = self._probes.setdefault(name, event.component)
            if probe != event.component:
                text = f"{event.component} probes {name} while {probe} does"
                found.append(Finding("I6", text, recorded.sequence))
        return found

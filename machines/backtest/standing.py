"""Where every component stands in a backtest, which provisions in no time, and the moves that led there."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from config.instants import Instant
from config.plan import Plan
from machines.backtest.report import Transition
from machines.deciding.facts import Decision, Direction
from machines.deciding.waves import enabled_components, in_wave_order, targets, waves_down, waves_up
from machines.lifecycle import next_step, state_after, state_while
from machines.lifecycle_states import ComponentState

_HEIGHT = {ComponentState.COLD: 0, ComponentState.WARM: 1, ComponentState.HOT: 2}


class Standing:
    """The settled state of every component but the hosts, and all transitions so far."""

    def __init__(self, plan: Plan, floor_at: Instant) -> None:
        """Raise the floor's components at an instant."""
        self._plan = plan
        self._states = {each: ComponentState.COLD for each, part in plan.components.items() if not part.host}
        self._enabled = plan.floor_components
        self.transitions: list[Transition] = []
        wanted = targets(plan, 0, never_raised=plan.components.keys())
        self._raise(wanted, floor_at, dict.fromkeys(wanted, "floor"))

    @property
    def cost_micros(self) -> int:
        """The monthly cost of what stands: enabled components in full, resting ones at their warm cost."""
        total = 0
        for component_id, component in self._plan.components.items():
            state = self._states.get(component_id, ComponentState.COLD)
            if component_id in self._enabled:
                total += component.monthly_cost_micros or 0
            elif state is ComponentState.WARM:
                total += component.warm_cost_micros
        return total

    def apply(self, decision: Decision) -> None:
        """Bring every component to where the decision wants it, at the decision's instant, in wave order.

        What rises does so before its predecessor falls: make before break, also on the way down.
        """
        plan = self._plan
        cold = {each for each, state in self._states.items() if state is ComponentState.COLD}
        wanted = targets(plan, decision.level, decision.partial, decision.prewarm, never_raised=cold)
        causes = {each: _cause(decision, each) for each in wanted}
        self._enabled = enabled_components(plan, decision.level, decision.partial)
        self._raise(wanted, decision.at, causes)
        self._lower(wanted, decision.at, causes)

    def _raise(self, wanted: dict[str, ComponentState], at: Instant, causes: dict[str, str]) -> None:
        rising = self._moving(wanted, up=True)
        for component in in_wave_order(waves_up(self._plan, rising)):
            self._walk(component, wanted[component], at, causes[component])

    def _lower(self, wanted: dict[str, ComponentState], at: Instant, causes: dict[str, str]) -> None:
        falling = self._moving(wanted, up=False)
        for component in in_wave_order(waves_down(self._plan, falling)):
            self._walk(component, wanted[component], at, causes[component])

    def _moving(self, wanted: dict[str, ComponentState], *, up: bool) -> Collection[str]:
        heights = {each: _HEIGHT[state] - _HEIGHT[self._states[each]] for each, state in wanted.items()}
        return [each for each, climb in heights.items() if (climb > 0 if up else climb < 0)]

    def _walk(self, component: str, target: ComponentState, at: Instant, cause: str) -> None:
        state = self._states[component]
        for following in _path(state, target):
            self.transitions.append(Transition(at, component, state, following, cause))
            state = following
        self._states[component] = state


def _path(state: ComponentState, target: ComponentState) -> Iterator[ComponentState]:
    """Every state on the legal way from one settled state to another, the first left out."""
    while (step := next_step(state, target)) is not None:
        running = state_while(step, state)
        if running is not state:
            yield running
        state = state_after(step, running)
        yield state


def _cause(decision: Decision, component: str) -> str:
    """Why the component moves, `level 2: debounce met: 2 of 2 months`."""
    if component in decision.partial:
        return f"level {decision.level + 1}: partial activation"
    if component in decision.prewarm:
        return f"level {decision.level + 1}: pre-warming"
    if decision.direction is Direction.STAY:
        return f"level {decision.level}: no longer ahead of the next level"
    return f"level {decision.level}: {decision.cause}"

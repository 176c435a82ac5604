"""Disaster recovery: when a stand-by in another region or at another provider is wanted HOT.

A stand-by rests WARM where its level enables it. It rises while its primary is down: not HOT, and either parked or
behind a breaker that is not closed, so that nothing will bring the primary back by itself soon. An operator's pin says
the same by hand. When the primary is HOT again, the stand-by goes back to WARM.
"""

from __future__ import annotations

from config.plan import Component, Plan
from machines.breaker import Breaker
from machines.events import BreakerStatus
from machines.granting import breaker_names
from machines.lifecycle_states import ComponentState
from machines.state.whole import State

_UNBROKEN = Breaker()


def is_down(state: State, primary: Component) -> bool:
    """Whether a primary is not HOT and nothing will make it so soon."""
    record = state.components.of(primary.id)
    if record.state is ComponentState.HOT:
        return False
    gates = (state.breakers.get(name, _UNBROKEN) for name in breaker_names(primary))
    return bool(record.parked) or any(gate.status is not BreakerStatus.CLOSED for gate in gates)


def rest_standbys(plan: Plan, state: State, wanted: dict[str, ComponentState]) -> None:
    """Let the wanted stand-bys rest WARM, except those whose primary is wanted and down."""
    for component in plan.components.values():
        if not component.standby_for or wanted.get(component.id) is not ComponentState.HOT:
            continue
        primary = plan.components[component.standby_for]
        needed = wanted.get(primary.id) is ComponentState.HOT and is_down(state, primary)
        wanted[component.id] = ComponentState.HOT if needed else ComponentState.WARM

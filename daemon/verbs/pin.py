"""`pin component X state WARM [ttl 2h]`: hold a component in a settled state."""

from __future__ import annotations

from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import PinSet
from machines.lifecycle_states import ComponentState
from machines.state.operators import COMPONENT, withdrawn

_STATES = {"COLD": ComponentState.COLD, "WARM": ComponentState.WARM, "HOT": ComponentState.HOT}


def _judge(command: Command, bench: Bench) -> Judged:
    text = command.required("state", "COLD, WARM or HOT").upper()
    state = _STATES.get(text)
    if state is None:
        raise CommandError(f"state: expected COLD, WARM or HOT, found {text[:40]!r}")
    return hold(command, bench, state)


def hold(command: Command, bench: Bench, state: ComponentState) -> Judged:
    """Hold a component in a state, where that breaks nothing that must stand."""
    component, record = bench.actuated(command)
    if component.id in bench.plan.floor_components and state is not ComponentState.HOT:
        raise CommandError(f"component: {component.id} belongs to level 0, which is always on")
    if record.unmanaged is not None:
        raise CommandError(f"component: {component.id} is unmanaged; adopt it first")
    if state is not ComponentState.HOT:
        _refuse_to_break(component.id, bench)
    until = command.until(bench.now, bench.ttl_max_s)
    kept = f"pinned {component.id} {state.value}"
    pinned = PinSet(component.id, state, until, command.reason, command.principal)
    # What was approved for one pin says nothing of the next: it may be of a dearer state, or for longer.
    renewed = withdrawn(bench.state.operators, f"{COMPONENT}{component.id}", "it is pinned anew")
    return done(kept, *renewed, pinned)


def _refuse_to_break(component_id: str, bench: Bench) -> None:
    """What others stand on is not taken away under them."""
    for other in bench.plan.components.values():
        stands = bench.state.components.of(other.id).state is ComponentState.HOT
        if component_id in other.requires and stands and not other.host:
            raise CommandError(f"component: {other.id} requires {component_id} and is HOT; deactivate that first")


VERB = Verb(
    "pin", frozenset({"component", "state", "ttl"}), "hold a component in a state, for a while or for good", _judge
)

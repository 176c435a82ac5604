"""`adopt component X`: give a found resource into solvent's hands."""

from __future__ import annotations

from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import ResourceAdopted
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState


def _judge(command: Command, bench: Bench) -> Judged:
    component, record = bench.actuated(command)
    if record.unmanaged is None:
        raise CommandError(f"component: nothing unmanaged was found for {component.id}")
    state = ComponentState.HOT if record.unmanaged is ResourceState.HOT else ComponentState.WARM
    adopted = ResourceAdopted(
        component=component.id,
        token=record.unmanaged_token,
        generation=record.generation + 1,
        from_state=record.state,
        to_state=state,
        committed_micros=record.committed_micros,
    )
    return done(f"adopted {component.id} as {state.value}", adopted)


VERB = Verb("adopt", frozenset({"component"}), "take over a resource that solvent did not make", _judge)

"""`unpin component X`: let the plan say again where the component stands."""

from __future__ import annotations

from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import Event, PinEnded
from machines.state.operators import COMPONENT, withdrawn


def _judge(command: Command, bench: Bench) -> Judged:
    component, _ = bench.component(command)
    if component.id not in bench.state.operators.pins:
        raise CommandError(f"component: {component.id} is not pinned")
    events: list[Event] = [PinEnded(component.id, f"unpinned by {command.principal}")]
    events.extend(withdrawn(bench.state.operators, f"{COMPONENT}{component.id}", "withdrawn", command.principal))
    return done(f"unpinned {component.id}", *events)


VERB = Verb("unpin", frozenset({"component"}), "take a pin (or an activate, a deactivate) away", _judge)

"""`resume-actor actor component:X`: let a parked actor, or a parked component, go on."""

from __future__ import annotations

import msgspec

from config.instants import SECOND
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import ActorResumed, ComponentUnparked, Event


def _judge(command: Command, bench: Bench) -> Judged:
    name = command.required("actor", "the name of a parked actor, such as component:rds_single")
    events: list[Event] = []
    component_id = name.removeprefix("component:")
    record = bench.state.components.records.get(component_id) if name != component_id else None
    if record is not None and record.parked:
        events.append(ComponentUnparked(component_id, bench.now + bench.step_deadline_s * SECOND))
    if name in bench.state.parked_actors:
        events.append(ActorResumed(name))
    if not events:
        if name not in bench.actor_names():
            raise CommandError(f"actor: no actor is called {name[:80]!r}")
        raise CommandError(f"actor: {name} is not parked")
    return msgspec.structs.replace(done(f"resumed {name}", *events), resume_actor=name)


VERB = Verb("resume-actor", frozenset({"actor"}), "let a parked actor or component go on", _judge)

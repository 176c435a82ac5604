"""`adopt component X`: give a resource into solvent's hands, one that was found or one that is named."""

from __future__ import annotations

import msgspec

from config.instants import SECOND
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import ComponentUnparked, Event, ResourceNamed, ResourceUnmanaged
from machines.lifecycle_states import ComponentState
from machines.moving import wanted_states
from machines.outcomes import HELD_REASON, adoption, held
from machines.state.components import ComponentRecord


def _judge(command: Command, bench: Bench) -> Judged:
    component, record = bench.actuated(command)
    pin = bench.state.operators.pins.get(component.id)
    if pin is not None and pin.state is ComponentState.COLD:
        raise CommandError(
            f"component: {component.id} is pinned COLD, so what it adopted would be removed at once: unpin it first"
        )
    if "resource" in command.fields:
        return _named(command, bench, record)
    if record.unmanaged is None:
        raise CommandError(f"component: nothing unmanaged was found for {component.id}")
    found = ResourceUnmanaged(component.id, record.unmanaged, (record.unmanaged_token,), record.committed_micros)
    adopted = adoption(record, found)
    wanted = wanted_states(bench.plan, bench.state).get(component.id, ComponentState.COLD)
    holds = held(adopted, wanted, pinned=pin is not None)
    note = f", {HELD_REASON}" if holds else ""
    return done(f"adopted {component.id} as {adopted.to_state.value}{note}", adopted, *holds)


def _named(command: Command, bench: Bench, record: ComponentRecord) -> Judged:
    """From now on the component's looks are at that resource; two that agree adopt it."""
    name = command.required("resource", "the provider's own name of the resource, such as an ARN")
    if not name.isprintable() or name != name.strip():
        raise CommandError("resource: expected a name of printable characters without spaces around it")
    if not command.reason:
        raise CommandError("reason: missing; expected why solvent is to manage this resource")
    if record.state is not ComponentState.COLD or record.intent is not None:
        under_way = f" with {record.intent.step.value} under way" if record.intent is not None else ""
        raise CommandError(
            f"component: {record.id} is {record.state.value}{under_way} and already has its own resource; only a"
            " COLD component at rest can adopt another: give the resource a component of its own in the plan"
        )
    others = bench.state.components.records.values()
    holder = next((each.id for each in others if each.resource_name == name and each.id != record.id), None)
    if holder is not None:
        raise CommandError(f"resource: {holder} was already given {name}; a resource belongs to one component")
    events: list[Event] = [ResourceNamed(record.id, name, command.reason, command.principal)]
    if record.parked:
        events.append(ComponentUnparked(record.id, bench.now + bench.step_deadline_s * SECOND))
    judged = done(f"{record.id} is to adopt {name}: it will once two looks have found it (solvent status)", *events)
    return msgspec.structs.replace(judged, resume_actor=f"component:{record.id}")


VERB = Verb("adopt", frozenset({"component", "resource"}), "take over a resource that solvent did not make", _judge)

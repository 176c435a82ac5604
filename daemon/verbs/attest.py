"""`attest item X [ttl 90d]`: state that a checklist item of the plan is met; `state withdrawn` takes it back."""

from __future__ import annotations

from typing import Final

from config.instants import instant_text
from config.suggestions import did_you_mean
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import AttestationEnded, Attested

MET: Final = "met"
WITHDRAWN: Final = "withdrawn"


def _judge(command: Command, bench: Bench) -> Judged:
    item = _item(command, bench)
    state = command.fields.get("state", MET)
    if state not in (MET, WITHDRAWN):
        raise CommandError(f"state: expected {MET} or {WITHDRAWN}, found {state[:40]!r}")
    if state == WITHDRAWN:
        if item not in bench.state.operators.attested:
            raise CommandError(f"item: nobody attests {item}")
        ended = AttestationEnded(item, f"withdrawn by {command.principal}")
        return done(f"{item} is no longer attested, which the next close judges", ended)
    command.required("reason", f"what shows that it is met: {bench.plan.checklist[item]}")
    until = command.until(bench.now, bench.attestation_ttl_max_s)
    how_long = "" if until is None else f" until {instant_text(until)}"
    attested = Attested(item, until, command.reason, command.principal)
    return done(f"{item} is attested{how_long}, which the next close judges", attested)


def _item(command: Command, bench: Bench) -> str:
    checklist = bench.plan.checklist
    if not checklist:
        raise CommandError("item: the plan has no checklist; declare the item there, and ask for it in a trigger")
    item = command.required("item", f"an item of the plan's checklist: {', '.join(checklist)}")
    if item not in checklist:
        near = did_you_mean(item, checklist)
        raise CommandError(f"item: the plan's checklist has {', '.join(checklist)}; found {item[:64]!r}{near}")
    return item


VERB = Verb(
    "attest",
    frozenset({"item", "state", "ttl"}),
    "state that a checklist item of the plan is met; state withdrawn takes it back",
    _judge,
)

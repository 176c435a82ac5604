"""`replay id X`: send a dead letter again, or what waits at once; `replay id all` sends every dead letter again."""

from __future__ import annotations

from typing import Final

from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import DeliveryReplayed
from machines.state.notifications import Delivery

ALL: Final = "all"


def _judge(command: Command, bench: Bench) -> Judged:
    wanted = command.required("id", "the id of a notification as `solvent notify list` shows it, or all")
    channel = command.fields.get("channel")
    notifications = bench.state.notifications
    places = [*notifications.dead.values()]
    if wanted != ALL:
        places = [each for each in (*places, *notifications.waiting.values()) if each.told.id == wanted]
    found = [each for each in places if channel in (None, each.channel)]
    if not found:
        raise CommandError(_nothing(wanted, channel, bench))
    events = [DeliveryReplayed(each.told.id, each.channel, command.principal) for each in found]
    many = f"{len(events)} deliveries are" if len(events) > 1 else "one delivery is"
    return done(f"{many} sent again{_to(found)}; what they come to is in solvent notify list", *events)


def _to(found: list[Delivery]) -> str:
    return f" to {', '.join(sorted({each.channel for each in found}))}"


def _nothing(wanted: str, channel: str | None, bench: Bench) -> str:
    to = f" for the channel {channel[:40]!r}" if channel is not None else ""
    if wanted == ALL:
        return f"id: there are no dead letters{to}"
    dead = len(bench.state.notifications.dead)
    return (
        f"id: nothing called {wanted[:80]!r} waits or is a dead letter{to}; there are {dead} dead letters:"
        " solvent notify list --dead"
    )


VERB = Verb(
    "replay",
    frozenset({"id", "channel"}),
    "send a notification that could not be delivered again; all of them with id all",
    _judge,
)

"""Operators: what they type, right and wrong, in floods and at the worst moment."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from config.instants import DAY, Instant
from daemon.verbs.remove_orphan import confirmation_code
from daemon.verbs.table import VERBS
from tests.simulation.swarm.agenda import Agenda

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

STREAMS: Final = ("commands:operator", "commands:second", "commands")
NONSENSE: Final = ("", "0", "-1", "auto", "COLD", "¿", "x" * 300, "1" * 30, "NaN", "operator", "2h", "floor", "machine")
FLOOD: Final = 40


class Operators:
    """They type at random times."""

    def __init__(self, world: SwarmWorld, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self._chance = random.Random(f"operators {world.case.seed}")
        self._ceased = False
        self.sent = 0

    def begin(self, at: Instant) -> None:
        """From now on."""
        if self._world.case.commands_in_100_days:
            self._next(at)

    def cease(self) -> None:
        """They type nothing more at random."""
        self._ceased = True

    def _next(self, after: Instant) -> None:
        mean = 100 * DAY / self._world.case.commands_in_100_days
        self._agenda.at(after + max(1_000_000, round(self._chance.expovariate(1) * mean)), self._type)

    def _type(self, world: SwarmWorld) -> None:
        if self._ceased:
            return
        chance = self._chance
        if chance.random() < 0.03:
            for _ in range(FLOOD):
                self.send(world, random_command(world, chance))
        elif chance.random() < 0.1:
            self.mend(world)
        else:
            self.send(world, random_command(world, chance))
        self._next(world.clock.wall())

    def send(self, world: SwarmWorld, fields: dict[str, str], stream: str = "") -> None:
        """One entry."""
        self.sent += 1
        world.send(stream or self._chance.choices(STREAMS, (6, 3, 1))[0], fields)

    def mend(self, world: SwarmWorld) -> None:
        """What a careful operator does on a round: look at everything that waits for somebody."""
        for stream, fields in mending(world):
            self.send(world, fields, stream)


def mending(world: SwarmWorld) -> Iterator[tuple[str, dict[str, str]]]:
    """The commands by which everything that waits for an operator goes on."""
    state, why = world.auditor.state, {"reason": "it was looked at"}
    if state.freezes or state.operators.pause is not None:
        yield "commands:operator", {"verb": "reload", "prices": "accept", **why}
        yield "commands:operator", {"verb": "resume", **why}
    parked = [f"component:{each.id}" for each in state.components.records.values() if each.parked]
    for actor in (*parked, *sorted(set(state.parked_actors) - set(parked))):
        yield "commands:operator", {"verb": "resume-actor", "actor": actor, **why}
    for approval_id, asked in state.operators.approvals.items():
        if not asked.approved_by:
            stream = "commands:second" if asked.asked_by != "second" else "commands:operator"
            yield stream, {"verb": "approve", "id": approval_id, **why}


def random_command(world: SwarmWorld, chance: random.Random) -> dict[str, str]:
    """A verb with fields that may be right, wrong, missing or too many."""
    verb = chance.choice(list(VERBS))
    fields = {"verb": verb, "by": "somebody"}
    for name in sorted(VERBS[verb].fields):
        if chance.random() < 0.8:
            fields[name] = _value(name, verb, world, chance)
    if verb == "reload" and chance.random() < 0.4:
        world.draft.change(chance)
        world.adopt_plan(world.draft.plan())
    if chance.random() < 0.8:
        fields["reason"] = "a reason"
    if chance.random() < 0.1:
        fields[chance.choice(("verb", "reason", "ttl", "level", "unknown"))] = chance.choice(NONSENSE)
    if chance.random() < 0.05:
        del fields["verb"]
    return fields


def _value(name: str, verb: str, world: SwarmWorld, chance: random.Random) -> str:
    """Mostly something that exists."""
    if chance.random() < 0.15:
        return chance.choice(NONSENSE)
    state, components = world.auditor.state, sorted(world.plan.components)
    known: dict[str, list[str]] = {
        "component": components,
        "state": ["WARM", "HOT", "COLD", "withdrawn", "attested"],
        "ttl": ["1h", "2d", "20d", "10s"],
        "level": [str(number) for number in range(len(world.plan.levels))] + ["auto"],
        "scope": ["up", "all"],
        "id": [*state.operators.approvals, "all"],
        "item": ["audited"],
        "minimum": [str(chance.randrange(1, 3_000)), "plan"],
        "resource": [each.name for each in state.orphans.values()] or [f"swarm/{chance.choice(components)}"],
        "confirm": [confirmation_code(each) for each in state.orphans.values()] or ["none"],
        "kind": [each.kind for each in state.orphans.values()] or ["simulated"],
        "actor": [f"component:{chance.choice(components)}", "planner", "costs", "payments intake"],
        "breaker": [*state.breakers, f"component:{chance.choice(components)}"],
        "prices": ["accept"],
        "channel": ["pager"],
    }
    return chance.choice(known.get(name) or list(NONSENSE))

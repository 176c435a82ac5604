"""What befalls the whole installation: each kind at its own rate, beginning and, where it lasts, ending again."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.provisioners.simulated.world import Standing
from adapters.provisioners.simulated.world import note as note_happening
from config.instants import DAY, HOUR, MINUTE, SECOND, Instant
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.provisioner import Resource
from tests.simulation.swarm.agenda import Agenda
from tests.simulation.swarm.case import MISHAPS
from tests.simulation.swarm.defects import NEEDED_FOR_COMMANDS, plant
from tests.simulation.swarm.kinds import CHARACTERS
from tests.simulation.swarm.paces import PACES
from tests.simulation.swarm.swarm_world import entries_unread

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

MONTH: Final = 30 * DAY
LASTING: Final = frozenset(
    {"redis_slow", "bill_strange", "bill_away", "broker_away", "channel_fails", "channel_refuses", "throttled"}
)
"""They are on for a while, and the fakes look."""
SELDOM_MET: Final = LASTING | {"quota", "disk_full", "disk_slow", "defect"}
"""They strike whoever comes while they last, and a daemon at a slow pace comes every few days."""
CALLED_WITHIN: Final = 6 * HOUR
"""Whoever is on call comes so long after somebody was parked: what asks a parked supervisor asks every few seconds."""
CALLS: Final = ("read", "facts", "publish", "write_hashes", "last_entry", "trim_before", "claim")
STREAMS: Final = ("payments", "commands:operator", "commands:second", "events", "replies")


class Mishaps:
    """Draws when each kind befalls the world, one after the other, until they cease."""

    def __init__(self, world: SwarmWorld, agenda: Agenda) -> None:
        self._world = world
        self._agenda = agenda
        self._ceased = False
        self._chances = {name: random.Random(f"{name} {world.case.seed}") for name in MISHAPS}
        """Each kind has its own source of chance, so that leaving one out changes nothing for the others."""
        self._called = False
        """Whether somebody is on the way to whoever is parked."""

    def begin(self, at: Instant) -> None:
        """From now on."""
        self._world.when_parked = self._call
        for name in MISHAPS:
            if self._world.case.faults.get(name, 0):
                self._next(name, at)

    def cease(self) -> None:
        """Nothing befalls anybody any more, and what lasts ends."""
        world = self._world
        self._ceased = True
        world.on.clear()
        world.quotas.clear()
        world.defects.clear()
        world.tags_lost.clear()
        world.faults.cease()
        world.server.come_back()
        world.server._lost_replies.clear()
        world.refuses = lambda: False
        world.append_s = lambda: 0.0
        world.refused_streams = False

    def _next(self, name: str, after: Instant) -> None:
        mean = 100 * MONTH / self._world.case.faults[name]
        wait = round(self._chances[name].expovariate(1) * mean)
        self._agenda.at(after + max(SECOND, wait), partial(self._strike, name=name))

    def _strike(self, world: SwarmWorld, name: str) -> None:
        if self._ceased:
            return
        chance = self._chances[name]
        lasts = self._lasts(name, chance)
        end = ending(name, world, chance, self._agenda)
        if end is not None:
            self._agenda.at(world.clock.wall() + lasts, end)
        self._next(name, world.clock.wall() + lasts)

    def _call(self) -> None:
        if not self._called and not self._ceased:
            self._called = True
            self._agenda.at(self._world.clock.wall() + CALLED_WITHIN, self._attend)

    def _attend(self, world: SwarmWorld) -> None:
        """Mend it, and come again until nobody is parked: a server may lose what was asked."""
        self._called = False
        if not self._ceased and world.auditor.state.parked_actors:
            self._call()
            mended(world)

    def _lasts(self, name: str, chance: random.Random) -> int:
        if name not in SELDOM_MET:
            return chance.choice((SECOND, MINUTE, HOUR, HOUR, DAY))
        pace = PACES[self._world.case.pace]
        return chance.choice((HOUR, pace.tick_s * SECOND, pace.look_s * SECOND, 3 * pace.look_s * SECOND))


def ending(name: str, world: SwarmWorld, chance: random.Random, agenda: Agenda) -> Callable[[SwarmWorld], None] | None:
    """Let it befall the world; what ends it, where it lasts."""
    world.met_at.pop(name, None)
    if name in LASTING:
        world.on.add(name)
        return lambda world: world.on.discard(name)
    match name:
        case "redis_away":
            world.note(name)
            world.server.go_away(chance.choice(("connection refused", "LOADING Redis is loading", "reset by peer")))
            return lambda world: world.server.come_back()
        case "redis_refuses":
            world.refused_streams = True
            return _take_again
        case "redis_lost_reply":
            world.note(name)
            world.server.lose_reply_of(chance.choice(CALLS))
        case "redis_empty" | "redis_deleted" | "redis_trimmed":
            world.note(name)
            _lose_entries(name, world, chance, agenda)
        case "disk_full":
            world.refuses = lambda: world.meets(name)
            return _has_room
        case "disk_slow":
            world.note(name)
            world.append_s = lambda: chance.choice((0, 0, 0.01, 1, 3))
            return _is_quick
        case "defect":
            return mended if plant(world, chance) else None
        case "clock_back" | "clock_forward":
            world.note(name)
            seconds = chance.choice((2, 200, 3_600, 86_400))
            world.clock.jump(seconds if name == "clock_forward" else -seconds)
        case _:
            return _of_providers(name, world, chance)
    return None


def _of_providers(name: str, world: SwarmWorld, chance: random.Random) -> Callable[[SwarmWorld], None] | None:
    match name:
        case "quota":
            kind = chance.choice(sorted({each.provisioner for each in world.plan.components.values() if not each.host}))
            world.quotas[kind] = chance.random() < 0.3
            return partial(_lift_quota, kind=kind)
        case "price":
            world.note(name)
            component = chance.choice(sorted(world.plan.components))
            world.prices[component] = chance.choice((50, 110, 400))
        case "orphan":
            world.note(name)
            stranger = chance.choice(("gone", "left_over", *world.plan.components))
            if not any(each.token == "left" for each in _standing(world, stranger).live):
                resource = Resource(world.plan.id, "gone" if stranger in world.plan.components else stranger)
                world.infrastructure.foreign_resource(resource, ResourceState.HOT, world.clock.wall(), token="left")
        case "vanish":
            _of_one(name, world, chance, list(world.plan.components), _vanish)
        case "interruption":
            spot = [each.id for each in world.plan.components.values() if _is_spot(world, each.id)]
            _of_one(name, world, chance, spot, _interrupt)
        case "tags_lost":
            tokens = [live.token for each in world.infrastructure.components.values() for live in each.live]
            if tokens:
                world.note(name)
                token = chance.choice(tokens)
                world.tags_lost.add(token)
                return lambda world: world.tags_lost.discard(token)
        case _:
            raise ValueError(f"no such mishap: {name}")
    return None


def _of_one(
    name: str, world: SwarmWorld, chance: random.Random, among: list[str], then: Callable[[SwarmWorld, Resource], None]
) -> None:
    standing = [each for each in among if _standing(world, each).live]
    if standing:
        world.note(name)
        then(world, Resource(world.plan.id, chance.choice(standing)))


def _vanish(world: SwarmWorld, resource: Resource) -> None:
    world.infrastructure.vanish(resource, world.clock.wall())


def _interrupt(world: SwarmWorld, resource: Resource) -> None:
    """The provider takes capacity back: what served serves no more, and its resource stands."""
    standing, now = world.infrastructure.standing(resource), world.clock.wall()
    for live in standing.live:
        if live.state is ResourceState.HOT:
            live.state, live.becomes = ResourceState.WARM, None
            note_happening(standing, now, "foreign", live)


def _is_spot(world: SwarmWorld, component: str) -> bool:
    return CHARACTERS[world.kind_of(component)].interrupted


def _standing(world: SwarmWorld, component: str) -> Standing:
    return world.infrastructure.standing(Resource(world.plan.id, component))


def _lose_entries(name: str, world: SwarmWorld, chance: random.Random, agenda: Agenda) -> None:
    """The server forgets; a shop hears of that, and sends again what nobody confirmed."""
    streams = (
        (*STREAMS, "commands")
        if name == "redis_empty"
        else (chance.choice(STREAMS[:3] if name == "redis_trimmed" else STREAMS),)
    )
    lost = [(stream, each) for stream in streams for each in entries_unread(world, stream)]
    world.lost.update((stream, each.id) for stream, each in lost)
    rows = [each.fields for stream, each in lost if stream == "payments"]
    if name == "redis_empty":
        world.server.restart_empty()
    else:
        for stream in streams:
            world.empty_stream(stream, keeps_ids=name == "redis_trimmed")
    if rows:
        world.to_send_again.update(row["payment_id"] for row in rows if "payment_id" in row)
        agenda.at(world.clock.wall() + chance.randrange(1, 48) * HOUR, partial(_send_again, rows=rows))


def _send_again(world: SwarmWorld, rows: list[dict[str, str]]) -> None:
    for row in rows:
        world.send("payments", row)
    world.to_send_again.difference_update(row["payment_id"] for row in rows if "payment_id" in row)


def _lift_quota(world: SwarmWorld, kind: str) -> None:
    world.quotas.pop(kind, None)


def _take_again(world: SwarmWorld) -> None:
    world.refused_streams = False


def _has_room(world: SwarmWorld) -> None:
    world.refuses = lambda: False


def mended(world: SwarmWorld) -> None:
    """The bug is mended: an operator resumes who is parked, or restarts the daemon where nobody can be asked."""
    world.defects.clear()
    parked = sorted(world.auditor.state.parked_actors)
    if any(each in NEEDED_FOR_COMMANDS for each in parked):
        world.die("an operator restarts the daemon")
    for actor in parked:
        world.send("commands:operator", {"verb": "resume-actor", "actor": actor, "reason": "the bug is mended"})


def _is_quick(world: SwarmWorld) -> None:
    world.append_s = lambda: 0.0


def failure(chance: random.Random) -> CallError:
    """How a source fails."""
    return chance.choice(
        (Transient("connection refused", 3_600), Permanent("401: the key was revoked"), Ambiguous("the page broke off"))
    )

"""Runs under faults: a seed chooses which faults strike and how often; then they cease, and all must come to rest."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from adapters.provisioners.simulated import Fault
from config.plan import Plan
from daemon.running import Daemon
from tests.simulation import checks
from tests.simulation.scenario import Stimulus, month_of, quiescent, require_none
from tests.simulation.world import World

PASSING: Final = (
    Fault.TRANSIENT,
    Fault.AMBIGUOUS_NOT_DONE,
    Fault.AMBIGUOUS_DONE,
    Fault.SLOW,
    Fault.HALF_DONE,
    Fault.BREAKS,
    Fault.STALE,
    Fault.LIES_ABSENT,
    Fault.LIES_HOT,
)
"""Faults that leave nothing behind for an operator to mend."""
NOTICED_WITHIN_S: Final = 200
"""A look a minute, put down to a slow view for another, and two that agree: so late a lie is found out."""
RARE: Final = (Fault.LIES_ABSENT, Fault.LIES_HOT, Fault.PERMANENT, Fault.VANISHES, Fault.FOREIGN, Fault.DIFFERS)
LASTING: Final = (Fault.PERMANENT, Fault.VANISHES, Fault.FOREIGN, Fault.DIFFERS)
MONTHS: Final[Sequence[Stimulus]] = tuple(
    month_of(f"2025-{number:02d}", amount)
    for number, amount in enumerate(("150", "350", "350", "700", "700", "1600", "1600", "740", "330", "110", "400"), 1)
)
CALLS: Final = ("read", "facts", "publish", "write_hashes", "last_entry", "trim_before", "claim")


class Trouble:
    """What strikes one run: drawn once from the seed, so that every run meets another mixture."""

    def __init__(self, seed: int, faults: Sequence[Fault]) -> None:
        self.chance = chance = random.Random(f"trouble {seed}")
        self.per_mille = {
            fault: chance.randrange(10, 120) // (5 if fault in RARE else 1) for fault in faults if chance.random() < 0.5
        }
        self.outages = chance.random() < 0.5
        self.lost_replies = chance.random() < 0.5
        self.full_disks = chance.random() < 0.4
        self.crashes = chance.random() < 0.6
        self.slow_disks = chance.random() < 0.5

    def __str__(self) -> str:
        rates = ", ".join(f"{fault.value} {rate}" for fault, rate in self.per_mille.items())
        also = [
            name for name in ("outages", "lost_replies", "full_disks", "crashes", "slow_disks") if getattr(self, name)
        ]
        return f"per mille: {rates or 'none'}; {', '.join(also) or 'nothing else'}"


def troubled(plan: Plan, seed: int, faults: Sequence[Fault] = PASSING) -> World:
    """A run whose faults cease after the last stimulus; resumed until it comes to rest."""
    world, trouble = World(plan, seed), Trouble(seed, faults)
    world.told = f"seed {seed}: {trouble}"
    world.faults.per_mille = dict(trouble.per_mille)
    world.crash_at = 0
    if trouble.slow_disks:
        world.append_s = lambda: trouble.chance.choice((0, 0, 0.01, 1, 3))
    while True:
        if trouble.crashes and world.delivered < len(MONTHS):
            world.crash_at = world.passed + trouble.chance.randrange(1, 600)
        if world.live(_under(trouble)):
            return world
        assert world.lives < 200, world.told


def _under(trouble: Trouble) -> Callable[[World, Daemon], Awaitable[None]]:
    async def play(world: World, daemon: Daemon) -> None:
        striking = asyncio.ensure_future(_strike(world, trouble))
        while world.delivered < len(MONTHS):
            deliver = MONTHS[world.delivered]
            world.delivered += 1
            deliver(world)
            await asyncio.sleep(trouble.chance.choice((0.1, 3, 30, 200)))
            require_none(world)
        striking.cancel()
        _cease(world)
        await asyncio.sleep(NOTICED_WITHIN_S)
        await quiescent(world, daemon)
        await _mend(world, daemon)

    return play


async def _mend(world: World, daemon: Daemon) -> None:
    """An operator looks at what is parked and lets it go on; nothing is wrong with it any more."""
    for _ in range(3):
        records = daemon.recorder.state.components.records.values()
        parked = [f"component:{each.id}" for each in records if each.parked]
        parked.extend(set(daemon.recorder.state.parked_actors) - set(parked))
        if not parked:
            return
        for actor in parked:
            world.send("commands:operator", {"verb": "resume-actor", "actor": actor, "reason": "it is mended"})
        await asyncio.sleep(NOTICED_WITHIN_S)
        await quiescent(world, daemon)


def _cease(world: World) -> None:
    world.faults.cease()
    world.server.come_back()
    world.server._lost_replies.clear()
    world.refuses = lambda: False
    world.append_s = lambda: 0.0
    world.crash_at = 0


async def _strike(world: World, trouble: Trouble) -> None:
    chance = trouble.chance
    world.server.come_back()
    world.refuses = lambda: False
    while True:
        await asyncio.sleep(chance.choice((1, 10, 60)))
        if trouble.lost_replies:
            world.server.lose_reply_of(chance.choice(CALLS))
        if trouble.outages and chance.random() < 0.3:
            world.server.go_away()
            await asyncio.sleep(chance.choice((0.5, 5, 60)))
            world.server.come_back()
        if trouble.full_disks and chance.random() < 0.3:
            world.refuses = lambda: True
            await asyncio.sleep(chance.choice((0.5, 5, 60)))
            world.refuses = lambda: False


def rest_of(world: World) -> tuple[object, ...]:
    """What must be the same however many faults struck: the level, what is HOT, the payments counted, no freeze.

    What rests WARM or COLD depends on which levels were walked through, and several closes may be judged at once.
    """
    found = checks.outcome(world)
    hot = {component for component, state in found.components.items() if state == "HOT"}
    return found.level, found.released, sorted(hot), found.payments[0], found.freezes

"""A case, lived: a safety phase in which everything may happen, then a liveness phase in which nothing does."""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from config.instants import DAY
from daemon.running import Daemon
from machines.invariants import Finding, written_by_idle_boot
from machines.ports.sources import SourceRead
from tests.simulation.swarm import checking
from tests.simulation.swarm.agenda import Agenda, play
from tests.simulation.swarm.business import Business, ledger_for
from tests.simulation.swarm.case import Case
from tests.simulation.swarm.mishaps import Mishaps, failure
from tests.simulation.swarm.operators import Operators, mending
from tests.simulation.swarm.paces import PACES, paced
from tests.simulation.swarm.swarm_world import SwarmWorld

ROUNDS_MAX: Final = 3_000_000
LIVES_MAX: Final = 400
DOWN_S: Final = (0, 1, 60, 3_600, 86_400, 5 * 86_400)
"""How long nobody runs after a crash."""
SETTLES_WITHIN_S: Final = 24 * 3_600
"""I12: a breaker's longest pause is an hour, a deadline is another, and a few of them follow each other."""
LOOK_S: Final = 15
NOTICED_WITHIN_S: Final = 200
MENDS_MAX: Final = 12
CRASHES_AT: Final = (
    "StepIntended", "StepEnded", "LevelDecided", "PaymentsRecorded", "CommandAnswered", "WatermarkReached",
    "CostsAccrued", "NotificationRaised", "after warm", "after activate", "after deactivate", "after decommission",
    "after streams.publish", "before streams.publish", "CursorMoved", "BreakerChanged", "OrphanRemoval",
)  # fmt: skip


class Ended(msgspec.Struct, frozen=True):
    """How a case ended."""

    world: SwarmWorld
    business: Business
    operators: Operators
    findings: tuple[str, ...]


def live_through(case: Case) -> Ended:
    """The whole of a case; its findings are empty where everything held."""
    world = SwarmWorld(case)
    agenda = Agenda()
    ledger = ledger_for(world)
    business = Business(world, agenda, ledger)
    operators, mishaps = Operators(world, agenda), Mishaps(world, agenda)
    try:
        world.settle_settings(asked=ledger is not None, pace=PACES[case.pace])
        business.begin(world.origin)
        operators.begin(world.origin)
        mishaps.begin(world.origin)
        if ledger is not None and case.faults:
            chance = random.Random(f"source {case.seed}")
            ledger.faults.extend(_rarely(chance) for _ in range(case.days))
        with paced(world.pace):
            _safety(world, agenda)
        if not world.findings:
            operators.cease()
            mishaps.cease()
            if ledger is not None:
                ledger.faults.clear()
            world.settle_settings(asked=ledger is not None, pace=None)
            _liveness(world, business)
    except Exception as failed:  # noqa: BLE001 - whatever the daemon dies of is a finding
        world.findings.append(Finding("raised", "".join(traceback.format_exception(failed))[-3_000:]))
    return Ended(world, business, operators, tuple(str(each) for each in world.findings))


def _rarely(chance: random.Random) -> Callable[[SourceRead], SourceRead]:
    fails = chance.random() < 0.05
    failed = failure(chance)

    def answer(read: SourceRead) -> SourceRead:
        if fails:
            raise failed
        return read

    return answer


# --- safety ---


def _safety(world: SwarmWorld, agenda: Agenda) -> None:
    """Live until the days are over, dying now and then."""
    case, chance = world.case, random.Random(f"crashes {world.case.seed}")
    until = world.origin + case.days * DAY

    async def years(_world: object, _daemon: Daemon) -> None:
        haunting = asyncio.ensure_future(world.ghost.haunt()) if world.ghost is not None else None
        await play(world, agenda, until)
        if haunting is not None and not haunting.cancel():
            haunting.result()

    while True:
        rounds_max = _choose_death(world, chance) if world.crashes < case.crashes_max else ROUNDS_MAX
        finished = world.live(years, rounds_max=rounds_max)
        world.watch_points, world.crash_at = (lambda name: None), 0
        if finished or world.findings:
            return
        world.crashes += 1
        world.clock.jump(chance.choice(DOWN_S))
        if world.lives > LIVES_MAX or world.rounds >= ROUNDS_MAX:
            world.findings.append(Finding("I12", f"no end after {world.lives} lives, {world.rounds} rounds"))
            return


def _choose_death(world: SwarmWorld, chance: random.Random) -> int:
    """At a crash point of some name, after so many of them, or after so many rounds: at any await."""
    mean = world.case.crash_every_rounds
    match chance.randrange(3):
        case 0:
            name, left = chance.choice(CRASHES_AT), [chance.randrange(1, 12)]

            def die(point: str) -> None:
                if name in point:
                    left[0] -= 1
                    if left[0] == 0:
                        world.die(point)

            world.watch_points = die
        case 1:
            world.crash_at = world.passed + 1 + round(chance.expovariate(1) * mean)
        case _:
            return 2 + round(chance.expovariate(1) * mean)
    return ROUNDS_MAX


# --- liveness ---


def _liveness(world: SwarmWorld, business: Business) -> None:
    """Nothing goes wrong any more: everything comes to rest where it should, and one more boot changes nothing."""
    assert world.live(_resting(world, business), rounds_max=ROUNDS_MAX), "a life without faults ended by itself"
    world.findings.extend(checking.findings_at_rest(world, business))
    if world.findings:
        return
    before = len(world.store.events)

    async def idle(_world: object, daemon: Daemon) -> None:
        await _quiet(world, daemon)

    assert world.live(idle, rounds_max=ROUNDS_MAX)
    written = [each for each in world.events(before) if not checking.is_of_time_alone(each.event)]
    world.findings.extend(written_by_idle_boot(written))


def _resting(world: SwarmWorld, business: Business) -> Callable[[object, Daemon], Awaitable[None]]:
    async def rest(_world: object, daemon: Daemon) -> None:
        await asyncio.sleep(NOTICED_WITHIN_S)
        business.all_told(world)
        for _ in range(MENDS_MAX):
            await asyncio.sleep(NOTICED_WITHIN_S)
            await _quiet(world, daemon)
            orders = list(mending(world))
            if not orders or world.findings:
                return
            for stream, fields in orders:
                world.send(stream, fields)
        world.findings.append(Finding("I12", f"not mended after {MENDS_MAX} rounds: {checking.waiting(world)}"))

    return rest


async def _quiet(world: SwarmWorld, daemon: Daemon) -> None:
    loop = asyncio.get_running_loop()
    until_s = loop.time() + SETTLES_WITHIN_S
    while busy := checking.busy(world, daemon):
        if world.findings:
            return
        if loop.time() > until_s:
            world.findings.append(Finding("I12", f"not settled within {SETTLES_WITHIN_S} s: {busy[:5]}"))
            return
        await asyncio.sleep(LOOK_S)

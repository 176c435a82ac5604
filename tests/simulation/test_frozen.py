"""While anything is frozen nothing is decided: unknown revenue raises nothing and takes nothing down."""

from __future__ import annotations

import asyncio

from daemon.running import Daemon
from machines import events
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months, of_type
from tests.simulation.scenario import month_of, quiescent
from tests.simulation.world import World

TICKS_S = 30


def test_a_month_that_closes_while_frozen_is_judged_once_it_thaws() -> None:
    """It closes, for that is a fact; its decision waits, also at every tick, and comes when the freeze ends."""
    world = World(ladder(), 1)
    decided: list[int] = []

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        await daemon.recorder.record("a test", [events.FreezeChanged("a key", frozen=True, reason="nobody knows")])
        month_of("2025-02", "20")(world)
        await quiescent(world, daemon)
        await asyncio.sleep(TICKS_S)
        decided.append(len(of_type(world, events.LevelDecided)))
        await daemon.recorder.record("a test", [events.FreezeChanged("a key", frozen=False)])
        await asyncio.sleep(TICKS_S)
        await quiescent(world, daemon)
        decided.append(len(of_type(world, events.LevelDecided)))

    live(world, body)
    assert 2 == len(of_type(world, events.MonthClosed))
    assert [1, 2] == decided

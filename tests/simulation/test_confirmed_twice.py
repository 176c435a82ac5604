"""One look may lie: what the world shows once is not believed, what it shows twice is."""

from __future__ import annotations

import asyncio

from adapters.provisioners.simulated import Fault
from daemon.running import Daemon
from machines import events
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months, of_type
from tests.simulation.scenario import quiescent
from tests.simulation.world import World

TWO_LOOKS_S = 200


async def lied_to(world: World, daemon: Daemon, times: int) -> None:
    """A component serves, and its next looks say that it is gone."""
    await months(world, daemon, ("2025-01", "150"))
    for _ in range(times):
        world.faults.next("observe", Fault.LIES_ABSENT, "gateway")
    await asyncio.sleep(TWO_LOOKS_S)
    await quiescent(world, daemon)


def drifts_after(times: int) -> int:
    """How often a drift was recorded after so many lies."""
    world = World(ladder(), 1)
    live(world, lambda world, daemon: lied_to(world, daemon, times))
    return len(of_type(world, events.ComponentDrifted))


def test_one_look_is_no_drift() -> None:
    """A single look that shows nothing is held against the next one, which shows what stands."""
    assert 0 == drifts_after(1)


def test_two_looks_that_agree_are_a_drift() -> None:
    """What two looks in a row show is recorded, and repaired."""
    assert 0 < drifts_after(2)

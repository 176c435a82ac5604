"""A thousand components at a hundred providers, three calls in ten going wrong: all arrive, behind their breakers."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from adapters.provisioners.simulated import Fault
from config.loading import plan_from_text
from config.plan import Plan
from daemon.running import Daemon
from machines import events
from machines.events import BreakerStatus
from tests.simulation import checks
from tests.simulation.one_life import hot
from tests.simulation.scenario import latest, month_of, require_none
from tests.simulation.sweeping import SEEDS
from tests.simulation.world import World

COMPONENTS: Final = 1_000
PROVIDERS: Final = 100
PER_MILLE: Final = {
    Fault.TRANSIENT: 100,
    Fault.AMBIGUOUS_NOT_DONE: 70,
    Fault.AMBIGUOUS_DONE: 70,
    Fault.HALF_DONE: 30,
    Fault.BREAKS: 30,
}
"""Of a thousand calls, 300 go wrong."""
ARRIVES_WITHIN_S: Final = 24 * 3_600
LOOK_EVERY_S: Final = 60


def thousand() -> Plan:
    """Ten components at each provider, none of which waits for another."""
    components = "".join(
        f"  c{number:04d}: {{monthly_cost: 1, provisioner: simulated, provider: cloud/p{number % PROVIDERS:02d}}}\n"
        for number in range(COMPONENTS)
    )
    listed = ", ".join(f"c{number:04d}" for number in range(COMPONENTS))
    return plan_from_text(
        "plan: thousand\ncurrency: EUR\ncomponents:\n"
        "  machine: {monthly_cost: 1, host: true}\n"
        f"{components}levels:\n"
        "  - {id: floor, max_burn: 10, components: [machine]}\n"
        "  - id: all\n"
        "    trigger: {metric: revenue, at_least: 2000}\n"
        f"    max_burn: {COMPONENTS + 1}\n"
        "    includes: [floor]\n"
        f"    components: [{listed}]\n",
        "thousand.yaml",
    )


async def arrived(world: World, number: int) -> None:
    """Wait until so many components are HOT, the faults going on."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    while len(hot(world)) < number:
        require_none(world)
        assert loop.time() - began_s < ARRIVES_WITHIN_S, f"{world.told}: {len(hot(world))} are HOT\n{latest(world)}"
        await asyncio.sleep(LOOK_EVERY_S)


@pytest.mark.parametrize("seed", range(1, 1 + max(1, SEEDS // 20)))
def test_a_thousand_components_converge_behind_a_hundred_breakers(seed: int) -> None:
    """Under 30 % faults all rise while no call passes an open breaker; without them all rest, one resource each."""
    world = World(thousand(), seed)
    world.told = f"seed {seed}"

    async def body(world: World, daemon: Daemon) -> None:
        world.faults.per_mille = dict(PER_MILLE)
        month_of("2025-01", "2500")(world)
        await arrived(world, COMPONENTS + 1)
        world.faults.cease()
        until_s = asyncio.get_running_loop().time() + ARRIVES_WITHIN_S
        while busy := checks.still_busy(world, daemon):
            assert asyncio.get_running_loop().time() < until_s, f"{world.told}: {busy[:5]}"
            await asyncio.sleep(LOOK_EVERY_S)

    assert world.live(body)
    require_none(world)

    changed = [each.event for each in world.events() if isinstance(each.event, events.BreakerChanged)]
    opened = {each.breaker for each in changed if each.status is BreakerStatus.OPEN}
    assert COMPONENTS + 1 == len(hot(world))
    assert all(1 == len(standing.live) for standing in world.infrastructure.components.values())
    assert len([name for name in opened if name.startswith("provider:")]) > PROVIDERS // 2

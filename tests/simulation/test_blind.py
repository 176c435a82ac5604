"""A component that cannot be looked at says why, once, and when it can be again."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from adapters.provisioners.simulated import Fault
from daemon.running import Daemon
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months
from tests.simulation.scenario import quiescent
from tests.simulation.world import World


def test_a_failing_look_is_told_once_for_each_reason() -> None:
    """Two hours of the same refusal are one line; the end of it is another."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        world.faults.per_mille = {Fault.PERMANENT: 1_000}
        await asyncio.sleep(7_200)
        world.faults.cease()
        await asyncio.sleep(600)
        await quiescent(world, daemon)

    with capture_logs() as lines:
        live(world, body)

    said = [(each["event"], each["log_level"]) for each in lines if each.get("component") == "cluster"]
    assert [("look_failed", "warning"), ("look_works", "info")] == said

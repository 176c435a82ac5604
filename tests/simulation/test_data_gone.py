"""What keeps data and was deleted behind our back is not replaced by an empty one unasked."""

from __future__ import annotations

import asyncio

from daemon.running import Daemon
from tests.simulation import checks
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months, states
from tests.simulation.scenario import command, quiescent
from tests.simulation.world import World


def test_a_database_that_is_gone_waits_for_an_operator() -> None:
    """It is parked, with what to do; `resume-actor` makes a new one; all others go on meanwhile."""
    world = World(ladder(), 1)
    reasons: list[str] = []

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        await asyncio.sleep(100)
        world.infrastructure.vanish(checks.resource_of(world, "database"), world.clock.wall())
        await asyncio.sleep(600)
        record = world.auditor.state.components.of("database")
        assert "COLD" == record.state.value
        reasons.append(record.parked)
        assert "HOT" == states(world)["gateway"]
        command("mended", verb="resume-actor", actor="component:database")(world)
        await asyncio.sleep(600)
        await quiescent(world, daemon)

    live(world, body)

    assert "what it stored is gone" in reasons[0]
    assert "resume-actor" in reasons[0]
    assert "HOT" == states(world)["database"]

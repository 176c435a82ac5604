"""A provider that starts by itself what solvent stopped, as RDS does after seven days: it is stopped again."""

from __future__ import annotations

import asyncio

from daemon.running import Daemon
from machines import events
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from tests.simulation import checks
from tests.simulation.ladder import ladder
from tests.simulation.one_life import done_order, live, months, of_type, states
from tests.simulation.scenario import command, quiescent
from tests.simulation.world import World

APART_S = 2 * 3_600
"""A week at RDS; simulated shorter, and longer than the hour in which repairs that are undone are a contest."""
RESTARTS = 4
"""More than are taken for a contest where they come within an hour."""


def _started_by_the_provider(world: World) -> None:
    (database,) = world.infrastructure.standing(checks.resource_of(world, "database")).live
    assert database.state is ResourceState.WARM
    database.state = ResourceState.HOT


def test_what_starts_by_itself_is_stopped_again() -> None:
    """Every restart is recorded as drift and undone by the same step, and no number of them parks the component."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("pinned", verb="pin", component="database", state="WARM", reason="nobody orders at night")(world)
        await quiescent(world, daemon)
        before = len(world.events())
        for _ in range(RESTARTS):
            await asyncio.sleep(APART_S)
            _started_by_the_provider(world)
            await asyncio.sleep(900)
            await quiescent(world, daemon)
            assert "WARM" == states(world)["database"]
        drifts = [each for each in of_type(world, events.ComponentDrifted, before) if each.component == "database"]  # type: ignore[attr-defined]  # by its kind
        assert [ResourceState.HOT] * RESTARTS == [each.observed for each in drifts]  # type: ignore[attr-defined]  # by its kind
        assert [] == of_type(world, events.ComponentParked, before)

    live(world, body)
    assert RESTARTS + 1 == done_order(world, Step.DEACTIVATE).count("database")
    (database,) = world.infrastructure.standing(checks.resource_of(world, "database")).live
    assert ResourceState.WARM is database.state

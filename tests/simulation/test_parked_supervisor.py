"""Components while their supervisor is parked: nothing can be granted, and no provider is asked in haste."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from config.loading import plan_from_text
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.kernel import Actor, ActorState
from daemon.messages import Reconsider
from daemon.running import Daemon
from tests.simulation.ladder import LADDER
from tests.simulation.one_life import states
from tests.simulation.scenario import month_of, quiescent
from tests.simulation.world import SETTINGS, World

HOUR_S: Final = 3_600


class Broken(Actor):
    """Fails at every message."""

    async def receive(self, _message: msgspec.Struct) -> object | None:
        """Raise."""
        raise ArithmeticError("a defect")


def test_what_vanished_is_looked_at_no_oftener_than_usual() -> None:
    """A component that has something to tell, and cannot, looks as often as one that has nothing to tell."""
    world, looks = World(plan_from_text(LADDER, "ladder.yaml"), 1), list[str]()

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await quiescent(world, daemon)
        assert "HOT" == states(world)["cluster"]
        supervisor = daemon.kernel.find(SUPERVISOR)
        assert supervisor is not None
        supervisor.actor = Broken(SUPERVISOR)
        while supervisor.state is not ActorState.PARKED:
            daemon.kernel.tell(SUPERVISOR, Reconsider())
            await asyncio.sleep(1)
        world.infrastructure.components.clear()
        world.before_observe = lambda looked_at: looks.append(looked_at.component)
        await asyncio.sleep(HOUR_S)

    assert world.live(body)
    usual = HOUR_S // SETTINGS.provisioning.observe_every_s
    assert usual - 2 <= looks.count("cluster") <= usual + 2

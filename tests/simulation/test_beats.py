"""Every root of a whole daemon is heard often enough for the watchdog, whatever goes on around it."""

from __future__ import annotations

import asyncio

import pytest

from daemon.kernel.beating import BEAT_EVERY_S_MAX
from daemon.running import Daemon
from tests.simulation.ladder import ladder
from tests.simulation.one_life import months
from tests.simulation.scenario import month_of
from tests.simulation.world import World

ASK_S = 60
"""One question to an actor may take so long; the root that asks is not heard meanwhile."""
LIVED_S = 1_200


def longest_silences(trouble: str) -> dict[str, float]:
    """Of each root the longest silence in twenty minutes, looked at every other second."""
    world = World(ladder(), 1)
    longest_s: dict[str, float] = {}

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "1600"))
        if trouble == "redis":
            world.server.go_away()
        elif trouble == "disk":
            world.refuses = lambda: True
            month_of("2025-02", "1600")(world)  # what the actor cannot record, the intake offers again and again
        loop = asyncio.get_running_loop()
        end_s = loop.time() + LIVED_S
        while loop.time() < end_s:
            for root in daemon.kernel.roots:
                longest_s[root.name] = max(longest_s.get(root.name, 0), loop.time() - root.last_beat_s)
            await asyncio.sleep(2)
        world.refuses = lambda: False

    assert world.live(body, rounds_max=20_000_000)
    return longest_s


@pytest.mark.parametrize("trouble", ["none", "redis", "disk"])
def test_no_root_is_silent_for_long(trouble: str) -> None:
    """No root is silent for longer than its beat and one question, with Redis away and with a full disk too."""
    silences = longest_silences(trouble)

    assert {"payments intake", "commands intake", "publication", "orphans"} <= silences.keys()
    assert {} == {name: s for name, s in silences.items() if s > BEAT_EVERY_S_MAX + ASK_S}

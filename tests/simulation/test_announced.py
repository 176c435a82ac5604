"""A provider that announces something is looked at when it said, although nothing is under way."""

from __future__ import annotations

import asyncio

import msgspec

from daemon.running import Daemon
from machines.observations import Observation
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months
from tests.simulation.world import World

ANNOUNCED_S = 20.0


def looks_within(seconds: float, announced_s: float | None) -> int:
    """How often the resting cluster is looked at in that time, each look announcing something."""
    world = World(ladder(), 1)
    counted: list[int] = []

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        observer = daemon.ports.observers["simulated"]
        observe = observer.observe
        looks = 0

        async def announcing(resource: object) -> Observation:
            nonlocal looks
            seen = await observe(resource)  # type: ignore[arg-type]  # as the port has it
            if getattr(resource, "component", "") != "cluster":
                return seen
            looks += 1
            return msgspec.structs.replace(seen, look_after_s=announced_s)

        observer.observe = announcing  # type: ignore[method-assign]  # the simulated observer has no announcements
        await asyncio.sleep(seconds)
        counted.append(looks)

    live(world, body)
    return counted[0]


def test_an_announced_reclaim_is_looked_at_early() -> None:
    """Every twenty seconds instead of once a minute."""
    assert 5 == looks_within(310, None)
    assert 13 == looks_within(310, ANNOUNCED_S)


def test_an_announcement_makes_no_hammer_and_no_delay() -> None:
    """A look that asks for the next one at once waits for the usual poll; one far off waits no longer than usual."""
    assert looks_within(310, 0.0) <= 310 / 2
    assert 5 == looks_within(310, 100_000.0)

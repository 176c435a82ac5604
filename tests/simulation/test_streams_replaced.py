"""A stream that is deleted under a living connection: what is written anew is read, whatever its ids are."""

from __future__ import annotations

import asyncio

import pytest

from daemon.running import Daemon
from machines import events
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, of_type
from tests.simulation.scenario import quiescent
from tests.simulation.selling import payment
from tests.simulation.world import World

PLAN = ladder()
SOON_S = 10
"""Well below `payments.trim_every_s`."""
GREATEST = "18446744073709551615-18446744073709551615"


@pytest.mark.parametrize("first", ["", GREATEST])
def test_payments_with_lower_ids_are_read_soon(first: str) -> None:
    """After DEL, also of a stream whose greatest id was given away."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        world.server.add("payments", payment("one", "2025-01", "5"), entry_id=first or "9999999999999-0")
        await quiescent(world, daemon)
        world.server.delete("payments")
        world.server.add("payments", payment("two", "2025-01", "5"), entry_id="1-1")
        await asyncio.sleep(SOON_S)
        assert 2 == world.auditor.payments_counted
        assert "1-1" == daemon.recorder.state.cursors["payments"]

    live(world, body)


def test_commands_with_lower_ids_are_answered_soon() -> None:
    """The stream of an operator is one too."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        asked = {"verb": "pause", "scope": "up", "reason": "an invoice", "by": "one"}
        world.server.add("commands:operator", asked, entry_id="9999999999999-0")
        await quiescent(world, daemon)
        world.server.delete("commands:operator")
        world.server.add("commands:operator", asked, entry_id="1-1")
        await asyncio.sleep(SOON_S)

    live(world, body)
    assert ["9999999999999-0", "1-1"] == [each.entry_id for each in of_type(world, events.CommandAnswered)]  # type: ignore[attr-defined]

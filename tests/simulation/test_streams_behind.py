"""A stream that lacks the newest of what was read, as after a fail-over: read again, with no freeze and no harm."""

from __future__ import annotations

import asyncio

from daemon.running import Daemon
from machines import events
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, of_type
from tests.simulation.scenario import quiescent
from tests.simulation.selling import payment
from tests.simulation.world import World

PLAN = ladder()
SOON_S = 10
PAUSE = {"verb": "pause", "scope": "up", "reason": "an invoice", "by": "one"}


def lose_newest(world: World, stream: str) -> None:
    """The replica that took over never had it."""
    held = world.server.streams[f"solvent:{stream}"]
    held.entries.pop()
    held.last_generated_id = held.entries[-1].id


def test_entries_below_the_lost_one_are_read() -> None:
    """What others wrote to the new primary has ids below our position: it counts, and nothing counts twice."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        for number in ("1-1", "2-1", "9-1"):
            world.server.add("payments", payment(number, "2025-01", "5"), entry_id=number)
        await quiescent(world, daemon)
        lose_newest(world, "payments")
        for number in ("5-1", "10-1"):
            world.server.add("payments", payment(number, "2025-01", "5"), entry_id=number)
        await asyncio.sleep(SOON_S)
        assert 5 == world.auditor.payments_counted
        assert {} == dict(daemon.recorder.state.freezes)

    live(world, body)


def test_a_server_emptied_and_filled_again_is_no_gap() -> None:
    """Our mark is not there any more, so all that is there is read, whatever its ids are."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        world.server.add("payments", payment("one", "2025-01", "5"), entry_id="5-1")
        await quiescent(world, daemon)
        world.server.restart_empty()
        world.server.add("payments", payment("two", "2025-01", "5"), entry_id="7-1")
        await asyncio.sleep(SOON_S)
        assert 2 == world.auditor.payments_counted
        assert {} == dict(daemon.recorder.state.freezes)

    live(world, body)


def test_a_stream_trimmed_by_somebody_else_is_a_gap() -> None:
    """Under the living connection, and although what is left is read."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        world.server.add("payments", payment("one", "2025-01", "5"), entry_id="5-1")
        await quiescent(world, daemon)
        world.server.streams["solvent:payments"].entries.clear()
        world.server.add("payments", payment("three", "2025-01", "5"), entry_id="7-1")
        await asyncio.sleep(SOON_S)
        assert 2 == world.auditor.payments_counted
        assert ["stream_gap"] == list(daemon.recorder.state.freezes)

    live(world, body)


def test_commands_that_were_answered_are_left_alone() -> None:
    """The one that was lost and those before it were carried out; only the new one is, also with the lost one's age."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        for _ in range(3):
            world.server.add("commands:operator", PAUSE)
            await asyncio.sleep(1)
        await quiescent(world, daemon)
        lose_newest(world, "commands:operator")
        await asyncio.sleep(SOON_S)
        world.server.add("commands:operator", PAUSE)
        await asyncio.sleep(SOON_S)

    live(world, body)
    answered = [each.entry_id for each in of_type(world, events.CommandAnswered)]  # type: ignore[attr-defined]

    assert 4 == len(answered) == len(set(answered))

"""A stream that lacks the newest of what was read, as after a fail-over: read again, with no freeze and no harm."""

from __future__ import annotations

import asyncio

import msgspec

from config.instants import SECOND
from daemon.running import Daemon
from machines import events
from machines.invariants import Auditor
from machines.ports.streams import START, Entry
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, of_type
from tests.simulation.scenario import quiescent
from tests.simulation.selling import payment
from tests.simulation.world import SETTINGS, World

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

    assert 4 == len(answered(world)) == len(set(answered(world)))


def answered(world: World) -> list[str]:
    """The entries that were answered, in order."""
    return [each.entry_id for each in of_type(world, events.CommandAnswered)]  # type: ignore[attr-defined]


def test_a_full_disk_over_a_restored_journal_parks_no_intake() -> None:
    """It is behind what was published and cannot say so: both intakes wait, and read once there is room."""
    world = World(PLAN, 1)

    async def before(world: World, daemon: Daemon) -> None:
        world.server.add("payments", payment("one", "2025-01", "5"), entry_id="5-1")
        await quiescent(world, daemon)

    async def after(world: World, daemon: Daemon) -> None:
        world.refuses = lambda: True
        await asyncio.sleep(300)
        assert not [root.name for root in daemon.kernel.roots if root.state.value != "running"]
        world.refuses = lambda: False
        world.server.add("commands:operator", PAUSE)
        await asyncio.sleep(60)

    live(world, before)
    forget_newest(world)
    boot = world.boot
    world.boot = lambda: refusing_after_start(world, boot())  # type: ignore[method-assign]
    assert world.live(after)

    pause = world.auditor.state.operators.pause
    assert 1 == len(answered(world))
    assert pause is not None


def forget_newest(world: World) -> None:
    """A backup was restored that lacks what was published last."""
    del world.store.events[-10:]
    world.auditor = Auditor()
    world.catch_up()


def refusing_after_start(world: World, daemon: Daemon) -> Daemon:
    """The disk is full as soon as the start is written."""
    begin = daemon.begin

    def full() -> None:
        world.refuses = lambda: True
        begin()

    daemon.begin = full  # type: ignore[method-assign]
    return daemon


def in_small_batches() -> World:
    """A world whose daemon reads two entries at a time."""
    payments = msgspec.structs.replace(SETTINGS.payments, read_entries_max=2)
    return World(PLAN, 1, settings=msgspec.structs.replace(SETTINGS, payments=payments))


def test_answered_commands_are_left_alone_by_the_next_process_too() -> None:
    """Of six that are read again two at a time, two were passed over when it died: the other four are not done anew."""
    world = in_small_batches()

    def die_between(point: str) -> None:
        newest = world.events()[-1].event if world.store.events else None
        if point == "after append of CursorMoved" and isinstance(newest, events.CursorMoved) and newest.cursor != START:
            world.watch_points = lambda name: None
            world.die(point)

    async def body(world: World, daemon: Daemon) -> None:
        for _ in range(6):
            world.server.add("commands:operator", PAUSE)
        await quiescent(world, daemon)
        lose_newest(world, "commands:operator")
        world.watch_points = die_between
        await asyncio.sleep(60)

    async def another(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        await asyncio.sleep(SOON_S)

    assert not world.live(body)
    live(world, another)

    assert 6 == len(answered(world)) == len(set(answered(world)))


def test_a_command_among_answered_ones_is_neither_lost_nor_done_out_of_turn() -> None:
    """What the other server took between two answered ones is carried out where it stands, and answered once."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        now_ms = world.clock.wall() * 1_000 // SECOND
        ids = [f"{now_ms}-{number}" for number in (1, 3, 5)]
        for each in ids:
            world.server.add("commands:operator", PAUSE, entry_id=each)
        await quiescent(world, daemon)
        lose_newest(world, "commands:operator")
        held = world.server.streams["solvent:commands:operator"]
        held.entries.insert(1, Entry(f"{now_ms}-2", PAUSE))
        await asyncio.sleep(SOON_S)
        assert f"{now_ms}-3" == daemon.recorder.state.cursors["commands:operator"]

    live(world, body)

    assert ["1", "3", "5", "2"] == [each.partition("-")[2] for each in answered(world)]

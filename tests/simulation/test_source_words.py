"""What sources say and do not say, in the simulated world: who speaks for whom, and what is written down of it."""

from __future__ import annotations

import asyncio

import msgspec

from config.settings import FolderSource, Settings
from daemon.running import Daemon
from machines import events
from machines.ports.sources import SourceRead
from machines.sources.freshness import SourceQuality, quality_of
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months, of_type
from tests.simulation.selling import MISSING, SHOP, payment, selling, told, world_of
from tests.simulation.test_sources import counted
from tests.simulation.world import World

PLAN = ladder()


def test_a_watermark_of_the_stream_does_not_speak_for_a_dead_source() -> None:
    """The month stays open and nothing is demoted; when the source is heard, the watermark that was sent closes it."""
    world, (shop,) = world_of(PLAN, Settings(plan="ladder"))
    world.sources = list

    async def begin(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "700"), ("2025-02", "700"))

    async def go_on(world: World, daemon: Daemon) -> None:
        state = daemon.recorder.state
        level = state.deciding.decided.level
        assert level > 0
        await months(world, daemon, ("2025-03", "10"))
        await asyncio.sleep(600)
        revenue = state.revenue
        assert (2, level) == (len(of_type(world, events.MonthClosed)), state.deciding.decided.level)
        assert (None, True) == (revenue.known_through, revenue.watermark is not None)
        shop.faults = []
        shop.sell("2025-03", "690", closes=False)
        await told(world, daemon, shop)
        assert level == state.deciding.decided.level

    live(world, begin)
    world.settings, world.sources = selling(stream=True), lambda: [shop]
    shop.faults = [MISSING] * 1_000
    live(world, go_on)
    last = of_type(world, events.MonthClosed)[-1]
    assert 700_000_000 == last.revenue_micros  # type: ignore[attr-defined]


def test_a_source_whose_rows_are_rejected_vouches_for_nothing() -> None:
    """What cannot be read may be revenue: no month closes on the rest of it, and the source is failing."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400")
        ledger.rows.append(payment("bad", "2025-01", "nonsense"))
        await asyncio.sleep(1_800)
        state = daemon.recorder.state
        stand = state.revenue.sources.stands[SHOP]
        assert ([], None) == (of_type(world, events.MonthClosed), stand.through)
        assert (SourceQuality.FAILING, True) == (quality_of(state, SHOP), "1 row was rejected" in stand.failure)

    live(world, body)


def test_a_position_that_only_tells_the_time_is_not_recorded_each_time() -> None:
    """It moves with every read, and the journal hears of it once a quarter of an hour."""
    world, (ledger,) = world_of(PLAN, selling())
    shown: list[str] = []

    def clocked(read: SourceRead) -> SourceRead:
        shown.append(read.position)
        return msgspec.structs.replace(read, position=f"0{read.position}" if len(shown) % 2 else read.position)

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400")
        await told(world, daemon, ledger)
        before = len(world.store.events)
        ledger.faults = [clocked] * 1_000
        await asyncio.sleep(3_600)
        assert 5 > len(of_type(world, events.SourceHeard, before)) + len(
            of_type(world, events.WatermarkReached, before)
        )
        assert len(shown) > 50

    live(world, body)


def test_files_without_rows_are_passed_over() -> None:
    """The first files of a source may hold headers alone: what follows them is read, without haste."""
    settings = Settings(
        plan="ladder", sources={SHOP: FolderSource(path="/exports", poll_every_s=60, stale_after_s=3_600)}
    )
    world, (ledger,) = world_of(PLAN, settings)

    def header_only(read: SourceRead) -> SourceRead:
        return SourceRead((), "0", more=True)

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400")
        ledger.faults = [header_only]
        await told(world, daemon, ledger)
        await asyncio.sleep(600)

    live(world, body)
    assert (4, True) == (counted(world), ledger.reads < 30)


def test_a_folder_with_nothing_new_is_caught_up_after_a_restart() -> None:
    """That it answered to its end is enough: no month waits for a file that nobody will write."""
    settings = Settings(
        plan="ladder", sources={SHOP: FolderSource(path="/exports", poll_every_s=60, stale_after_s=3_600)}
    )
    world, (ledger,) = world_of(PLAN, settings)

    async def begin(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400", closes=False)
        await told(world, daemon, ledger)

    async def go_on(world: World, daemon: Daemon) -> None:
        before = daemon.recorder.state.revenue.sources.stands[SHOP].heard_at
        await asyncio.sleep(120)
        assert before == daemon.recorder.state.revenue.sources.stands[SHOP].heard_at
        assert daemon.source_watch.caught_up

    live(world, begin)
    live(world, go_on)

"""Sources in the simulated world: what they lie about is harmless, and what they do not say is unknown."""

from __future__ import annotations

import asyncio
import random

import msgspec

from config.instants import HOUR
from config.settings import FolderSource, Settings
from daemon.running import Daemon
from machines import events
from machines.events import BreakerStatus
from machines.sources.freshness import SourceQuality, quality_of
from tests.simulation import checks
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, of_type
from tests.simulation.scenario import command, quiescent
from tests.simulation.selling import (
    AWAY,
    HALF,
    MISSING,
    SHOP,
    UNAUTHORISED,
    Ledger,
    doubled,
    payment,
    reversed_order,
    selling,
    told,
    world_of,
)
from tests.simulation.sweeping import LIVES_MAX
from tests.simulation.world import World

PLAN = ladder()
MONTHS = (("2025-01", "400"), ("2025-02", "400"), ("2025-03", "700"), ("2025-04", "700"))
SAMPLED_POINTS = 12


def counted(world: World) -> int:
    """How many payments count."""
    return world.auditor.payments_counted


def end(world: World) -> checks.Outcome:
    """How a run ended, but for how often something was given that counted already."""
    found = checks.outcome(world)
    counted, _, not_completed, rejected = found.payments
    return msgspec.structs.replace(found, payments=(counted, 0, not_completed, rejected))


async def sell_all(world: World, daemon: Daemon, ledger: Ledger, faults: tuple = ()) -> None:
    """All months, from where the last life left off."""
    await quiescent(world, daemon)
    while world.delivered < len(MONTHS):
        month, amount = MONTHS[world.delivered]
        world.delivered += 1
        ledger.sell(month, amount)
        ledger.faults += faults
        await told(world, daemon, ledger)
    await told(world, daemon, ledger)


def sold(*, seed: int = 1, crash_at: int = 0, faults: tuple = ()) -> World:
    """A run over all months, resumed where it dies."""
    world, (ledger,) = world_of(PLAN, selling(), seed=seed)
    world.crash_at = crash_at or None
    while not world.live(lambda world, daemon: sell_all(world, daemon, ledger, faults)):
        assert world.lives < LIVES_MAX
    world.findings += [*checks.published_findings(world), *checks.counting_findings(world)]
    assert [] == world.findings
    return world


def test_what_a_source_gives_closes_months_and_raises_levels() -> None:
    """Four months from a source alone: no entry of the Redis stream, no watermark of anybody's."""
    world = sold()
    state = world.auditor.state

    assert (16, 3) == (counted(world), state.deciding.decided.level)
    assert "16" == state.cursors["source:shop"]
    assert {"watermark"} == {each.by for each in of_type(world, events.MonthClosed)}


def test_a_death_at_any_moment_loses_nothing_and_repeats_nothing() -> None:
    """Before and after each read and each write, sampled: the end is that of the run that never died."""
    clean = sold()
    points = [at for at, name in enumerate(clean.points, start=1) if "source" in name or "shop" in name]
    others = range(1, len(clean.points) + 1)
    chosen = [*points[:: max(1, len(points) // SAMPLED_POINTS)], *random.Random(1).sample(others, SAMPLED_POINTS // 2)]
    expected = end(clean)
    for point in chosen:
        world = sold(crash_at=point)
        assert expected == end(world), clean.points[point - 1]


def test_lies_are_harmless() -> None:
    """Refusals, half pages, repetitions and other orders in between: the totals are those of the clean run."""
    faults = (HALF, doubled, UNAUTHORISED, reversed_order, AWAY, MISSING)

    world = sold(faults=faults)

    assert end(sold()) == end(world)


def test_an_empty_answer_is_unknown() -> None:
    """A source that never gave anything is not heard, closes nothing, and freezes when its time is over."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        await asyncio.sleep(1_800)
        state = daemon.recorder.state
        assert (SourceQuality.UNKNOWN, False) == (quality_of(state, SHOP), "source:shop" in state.freezes)
        await asyncio.sleep(2_000)
        assert state.freezes["source:shop"].startswith("the source shop gave no payment yet, and an empty answer is")

    live(world, body)
    assert ledger.reads > 50
    assert [] == of_type(world, events.SourceHeard)


def test_a_source_that_fails_freezes_until_it_is_read_whole() -> None:
    """Stale after an hour of refusals, frozen up and down, lifted by the next whole read."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400")
        await told(world, daemon, ledger)
        ledger.faults = [UNAUTHORISED] * 1_000
        await asyncio.sleep(600)
        state = daemon.recorder.state
        assert (SourceQuality.FAILING, {}) == (quality_of(state, SHOP), state.freezes)
        await asyncio.sleep(3_600)
        assert SourceQuality.STALE is quality_of(state, SHOP)
        assert state.freezes["source:shop"].endswith("longer than its 3600 s: 401: the key was revoked")
        ledger.faults = []
        await asyncio.sleep(1_000)
        assert (SourceQuality.GOOD, {}) == (quality_of(state, SHOP), state.freezes)

    live(world, body)
    seen = [each for each in world.events() if type(each.event) is events.SourceHeard or _is_of_shop(each.event)]
    lifted = next(index for index, each in enumerate(seen) if getattr(each.event, "frozen", None) is False)
    assert isinstance(seen[lifted - 1].event, events.SourceHeard)
    assert seen[lifted - 1].recorded_at == seen[lifted].recorded_at


def _is_of_shop(event: events.Event) -> bool:
    return isinstance(event, events.FreezeChanged) and event.key == "source:shop"


def test_what_came_another_way_is_read_through() -> None:
    """Pages on which everything counted already move the position too, and nothing counts twice."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400", parts=12)
        for row in ledger.rows:
            world.send("payments", row)
        await told(world, daemon, ledger)

    live(world, body)
    assert 12 == counted(world)


def test_a_folder_that_nobody_fills_is_not_heard() -> None:
    """It answers, and that is no sign that there was nothing to export."""
    settings = Settings(
        plan="ladder", sources={SHOP: FolderSource(path="/exports", poll_every_s=60, stale_after_s=3_600)}
    )
    world, (ledger,) = world_of(PLAN, settings)

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400")
        await told(world, daemon, ledger)
        await asyncio.sleep(3_700)
        assert SourceQuality.STALE is quality_of(daemon.recorder.state, SHOP)

    live(world, body)


def test_the_breaker_spares_a_source_that_refuses() -> None:
    """Five failures open it; from then on it is asked once a cool-down, and an operator can close it."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400")
        await told(world, daemon, ledger)
        ledger.faults = [UNAUTHORISED] * 1_000
        await asyncio.sleep(3_600)
        assert BreakerStatus.OPEN is daemon.recorder.state.breakers["source:shop"].status
        reads = ledger.reads
        await asyncio.sleep(3_600)
        assert reads + 5 > ledger.reads
        ledger.faults = []
        command("reset", stream="commands", verb="reset-breaker", breaker="source:shop")(world)
        await asyncio.sleep(20)
        assert BreakerStatus.CLOSED is daemon.recorder.state.breakers["source:shop"].status
        assert "" == daemon.recorder.state.revenue.sources.stands[SHOP].reason

    live(world, body)


def test_a_quiet_source_does_not_fill_the_journal() -> None:
    """Two hours of polls that bring nothing new: one event each quarter of an hour."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400", closes=False)
        ledger.rows.append(payment("bad", "2025-01", "nonsense"))
        await told(world, daemon, ledger)
        before = len(world.store.events)
        await asyncio.sleep(2 * 3_600)
        names = [type(each.event).__name__ for each in world.events(before)]
        assert names.count("SourceHeard") + names.count("WatermarkReached") in {7, 8}
        assert 0 == names.count("PaymentsRecorded") + names.count("EntryRejected")

    live(world, body)
    assert 1 == len(of_type(world, events.EntryRejected))


def test_a_row_without_a_rate_freezes_once() -> None:
    """The last row is given again at each poll: an operator who resumed has seen it, and is not frozen by it again."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "400", closes=False)
        ledger.rows.append(payment("pounds", "2025-01", "5.00", currency="GBP"))
        await told(world, daemon, ledger)
        assert "currency" in daemon.recorder.state.freezes
        command("resume", stream="commands", verb="resume")(world)
        reads = ledger.reads
        await asyncio.sleep(2 * 3_600)
        assert ledger.reads > reads
        assert {} == dict(daemon.recorder.state.freezes)

    live(world, body)


def test_one_silent_source_keeps_months_open() -> None:
    """Two sources: what one vouches for is not the whole, and a month is no fact until both have spoken."""
    world, (shop, till) = world_of(PLAN, selling("shop", "till"), ("shop", "till"))

    async def body(world: World, daemon: Daemon) -> None:
        shop.sell("2025-01", "400")
        till.sell("2025-01", "100", closes=False)
        await told(world, daemon, shop, till)
        assert [] == of_type(world, events.MonthClosed)
        till.sell("2025-01", "0", parts=0)
        await told(world, daemon, shop, till)

    live(world, body)
    (closed,) = of_type(world, events.MonthClosed)
    assert 500_000_000 == closed.revenue_micros  # type: ignore[attr-defined]


def test_a_dead_source_is_the_oldest_word() -> None:
    """What is known reaches as far as the source that was heard longest ago."""
    world, (shop, till) = world_of(PLAN, selling("shop", "till"), ("shop", "till"))

    async def body(world: World, daemon: Daemon) -> None:
        shop.sell("2025-01", "400")
        till.sell("2025-01", "100")
        await told(world, daemon, shop, till)
        till.faults = [MISSING] * 1_000
        heard_at = daemon.recorder.state.revenue.sources.stands["till"].heard_at
        await asyncio.sleep(2 * 3_600)
        revenue = daemon.recorder.state.revenue
        assert heard_at == revenue.known_at
        assert revenue.sources.stands["shop"].heard_at > revenue.known_at + HOUR  # type: ignore[operator]
        assert ["source:till"] == [key for key in daemon.recorder.state.freezes if key.startswith("source:")]

    live(world, body)


def test_a_source_that_is_taken_out_holds_nothing_up() -> None:
    """Out of the settings it is out of the way: its freeze is lifted and its silence counts no more."""
    world, (shop, _till) = world_of(PLAN, selling("shop", "till"), ("shop", "till"))

    async def begin(world: World, daemon: Daemon) -> None:
        shop.sell("2025-01", "400")
        await told(world, daemon, shop)
        await asyncio.sleep(3_700)
        assert "source:till" in daemon.recorder.state.freezes

    async def go_on(world: World, daemon: Daemon) -> None:
        await told(world, daemon, shop)
        await asyncio.sleep(200)
        assert {} == daemon.recorder.state.freezes

    live(world, begin)
    world.settings = selling("shop")
    world.sources = lambda: [shop]
    live(world, go_on)

    assert [("shop", "till"), ("shop",)] == [each.names for each in of_type(world, events.SourcesConfigured)]
    assert ["2025-01"] == [
        f"{each.month // 12}-{each.month % 12 + 1:02}" for each in of_type(world, events.MonthClosed)
    ]


def test_the_stream_may_be_one_of_the_sources() -> None:
    """Declared one, the Redis stream must be heard beside the others."""
    world, (shop,) = world_of(PLAN, selling(stream=True))

    async def body(world: World, daemon: Daemon) -> None:
        shop.sell("2025-01", "400")
        await told(world, daemon, shop)
        assert [] == of_type(world, events.MonthClosed)
        world.send("payments", payment("by-stream", "2025-01", "5"))
        world.send("payments", {"watermark": "2025-02-01T00:00:00Z"})
        await told(world, daemon, shop)

    live(world, body)
    (closed,) = of_type(world, events.MonthClosed)
    assert 405_000_000 == closed.revenue_micros  # type: ignore[attr-defined]


def test_without_sources_the_stream_is_the_only_one() -> None:
    """As it was before there were sources: no event more."""
    world = World(PLAN, 1)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)

    live(world, body)
    assert [] == of_type(world, events.SourcesConfigured)


def test_a_full_disk_makes_the_source_wait() -> None:
    """What the journal refuses is read and given again, and counts once."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        world.refuses = lambda: True
        ledger.sell("2025-01", "400")
        await asyncio.sleep(300)
        assert 0 == counted(world)
        world.refuses = lambda: False
        await told(world, daemon, ledger)

    live(world, body)
    assert 4 == counted(world)


def test_an_implausible_fall_is_not_confirmed_by_a_source() -> None:
    """A database that no longer follows its primary vouches too: only a watermark that somebody sends confirms."""
    world, (ledger,) = world_of(PLAN, selling())

    async def body(world: World, daemon: Daemon) -> None:
        ledger.sell("2025-01", "1000")
        ledger.sell("2025-02", "10", parts=1)
        await told(world, daemon, ledger)
        assert 1 == len(of_type(world, events.MonthClosed))
        assert "month_implausible" in daemon.recorder.state.freezes
        world.send("payments", {"watermark": "2025-03-01T00:00:00Z"})
        await told(world, daemon, ledger)
        assert 2 == len(of_type(world, events.MonthClosed))

    live(world, body)

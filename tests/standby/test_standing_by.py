"""Standing by: a stop leaves nobody waiting, what hindered a takeover is told, and systemd hears of each root."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.memory_lease import MemoryLeaseDesk
from daemon import standing_by
from daemon.leading import following
from daemon.leading.hindrances import Hindrance
from daemon.roots.systemd import Systemd
from daemon.standing_by import HINDRANCE_TOLD_S, QUESTION_S
from tests.standby.waits import ME, OTHER, Bench, Slow


@pytest.fixture
def bench() -> Bench:
    """Nobody leads."""
    return Bench()


async def test_a_free_lead_is_taken(bench: Bench) -> None:
    """Or nothing below would prove anything."""
    taken = await bench.standing_by().wait(asyncio.Event())
    assert taken is not None
    assert 1 == taken.lease.fencing


async def test_a_stop_at_the_takeover_leaves_nobody_leading(bench: Bench) -> None:
    """The store has given the lead and the answer is under way when the stop comes: it is given back at once."""
    desk, stop = Slow(bench.store, "acquire"), asyncio.Event()
    waiting = asyncio.create_task(bench.standing_by(desk).wait(stop))
    await desk.asked.wait()
    stop.set()
    asyncio.get_running_loop().call_later(0.1, desk.answer.set)
    assert await waiting is None
    assert bench.store.leader is None
    assert {} == bench.store.standbys


async def test_an_answer_that_never_comes_is_not_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the lead is given back under the name alone, whatever the store had given."""
    assert 5 > QUESTION_S
    monkeypatch.setattr(standing_by, "QUESTION_S", 0.1)
    desk, stop = Slow(bench.store, "acquire"), asyncio.Event()
    waiting = asyncio.create_task(bench.standing_by(desk).wait(stop))
    await desk.asked.wait()
    stop.set()
    assert await waiting is None
    assert bench.store.leader is None


async def test_who_cannot_read_the_journal_leaves_the_lead_free(bench: Bench) -> None:
    """What a newer version wrote is not for this one to lead on, though nobody else does; it says so on its page."""
    desk, stop = Slow(bench.store, "acquire"), asyncio.Event()
    standing = bench.standing_by(desk)
    standing.following.unreadable = "a newer solvent wrote it"
    waiting = asyncio.create_task(standing.wait(stop))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(desk.asked.wait(), 0.5)
    assert "a newer solvent wrote it" in standing.unready()
    assert "a newer solvent wrote it" in bench.store.standbys[ME.name].fault
    stop.set()
    assert await waiting is None
    assert 0 == bench.store.fencing


async def test_after_a_hindrance_it_leaves_the_lead_to_others(bench: Bench) -> None:
    """It says why, gives back what it could not give back before, and asks again when its time is over."""
    desk = MemoryLeaseDesk(bench.store)
    await desk.acquire(ME, 6, await desk.look())
    waits = bench.standing_by(desk)
    waits.hindrance = Hindrance("a person holds a table", 4.0)
    waiting = asyncio.create_task(waits.wait(asyncio.Event()))
    await _until(lambda: bench.store.leader is None)
    assert "a person holds a table" in " ".join(waits.unready())
    assert not waiting.done()
    await _until(lambda: bench.store.standbys[ME.name].fault.startswith("a person holds a table"))
    bench.now_s = 4.0
    taken = await waiting
    assert taken is not None
    assert 2 == taken.lease.fencing


async def test_what_is_amiss_with_its_place_is_told(bench: Bench) -> None:
    """Whoever looks at its page or would promote it hears what is amiss with the state directory, and with the plan."""
    desk = MemoryLeaseDesk(bench.store)
    await desk.acquire(OTHER, 6, await desk.look())
    waits, stop = bench.standing_by(desk), asyncio.Event()
    waits._place_fault = lambda: "the disk is full"
    waits.own_plan.differs = "the plan differs"
    waiting = asyncio.create_task(waits.wait(stop))
    await _until(lambda: waits.view is not None and waits.following.away)
    await _until(lambda: "plan" in bench.store.standbys[ME.name].fault)
    assert "the disk is full; there is no journal yet; the plan differs" == bench.store.standbys[ME.name].fault
    assert ["standby", "the disk is full", "there is no journal yet", "the plan differs"] == waits.unready()
    stop.set()
    assert await waiting is None


async def test_a_hindrance_is_over_when_another_leads(bench: Bench) -> None:
    """Whoever looks is told what is the case: this one stands by."""
    desk = MemoryLeaseDesk(bench.store)
    await desk.acquire(OTHER, 6, await desk.look())
    waits, stop = bench.standing_by(desk), asyncio.Event()
    waits.hindrance = Hindrance("a person holds a table", 4.0)
    waiting = asyncio.create_task(waits.wait(stop))
    await _until(lambda: waits.view is not None)
    assert "a person holds a table" not in " ".join(waits.unready())
    await _until(lambda: bench.store.standbys[ME.name].fault.startswith("a person holds a table"))
    bench.now_s = 4.0 + HINDRANCE_TOLD_S
    await _until(lambda: bench.store.standbys[ME.name].fault == "there is no journal yet")
    stop.set()
    assert await waiting is None


async def test_systemd_hears_of_every_root(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told that all is well only while the polling, the following and the endpoints are heard."""
    told: list[Sequence[Any]] = []

    class Told(Systemd):
        def __init__(self, **given: Any) -> None:
            told.append(given["roots"])
            super().__init__(**given)

    monkeypatch.setattr(standing_by, "Systemd", Told)
    await bench.standing_by().wait(asyncio.Event())
    assert ["following", "http", "lease", "systemd"] == sorted(each.name for each in told[0])


async def test_a_poll_that_hangs_is_silent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that is never answered gives no beat, so that the watchdog ends a standby that only looks alive."""
    monkeypatch.setattr(following, "AGAIN_S", 0.01)
    desk, stop = Slow(bench.store, "stand_by"), asyncio.Event()
    waits, roots = bench.standing_by(desk), dict[str, Any]()
    kept = waits._systemd

    def keep(kernel: Any) -> Systemd:
        roots["all"] = kernel.roots
        return kept(kernel)

    waits._systemd = keep  # type: ignore[method-assign]  # to see the roots of the wait
    waiting = asyncio.create_task(waits.wait(stop))
    await desk.asked.wait()
    asked_s = asyncio.get_running_loop().time()
    await _until(lambda: all(each.last_beat_s > asked_s for each in roots["all"] if each.name == "following"))
    assert ["lease"] == [each.name for each in roots["all"] if each.name == "lease" and each.last_beat_s <= asked_s]
    desk.answer.set()
    stop.set()
    assert await waiting is None


async def _until(holds: Any) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what stands by tells nobody
            await asyncio.sleep(0)

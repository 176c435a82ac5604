"""The clocks: the machine's, the accelerated one, and the loop's."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clocks import AcceleratedClock, LoopClock, SystemClock
from config.instants import DAY, SECOND, instant_from_text

ORIGIN = instant_from_text("2024-01-01T00:00:00Z")


class Ticks:
    """Nanoseconds that stand where they are put."""

    def __init__(self) -> None:
        self.now = 7_000

    def __call__(self) -> int:
        """Where they were put."""
        return self.now


async def test_the_system_clock_tells_microseconds_of_this_century() -> None:
    """The wall is a present instant, and monotonic time passes while sleeping."""
    clock = SystemClock()
    before_s = clock.monotonic_s()
    await clock.sleep(0.001)
    assert clock.monotonic_s() - before_s >= 0.001
    assert instant_from_text("2024-01-01T00:00:00Z") < clock.wall() < instant_from_text("2100-01-01T00:00:00Z")


def test_an_accelerated_clock_starts_at_its_origin_and_runs_faster() -> None:
    """One real second is `factor` seconds of it, on the wall and in monotonic time."""
    ticks = Ticks()
    clock = AcceleratedClock(ORIGIN, 86_400, ticks)
    assert (clock.wall(), clock.monotonic_s()) == (ORIGIN, 0.0)
    ticks.now += 1_500_000_000
    assert (clock.wall(), clock.monotonic_s()) == (ORIGIN + DAY + DAY // 2, 129_600.0)


def test_advancing_only_goes_forward() -> None:
    """An instant ahead is jumped to, one behind changes nothing; time goes on from there."""
    ticks = Ticks()
    clock = AcceleratedClock(ORIGIN, 10, ticks)
    clock.advance_to(ORIGIN + DAY)
    clock.advance_to(ORIGIN)
    assert clock.wall() == ORIGIN + DAY
    ticks.now += 1_000_000_000
    assert clock.wall() == ORIGIN + DAY + 10 * SECOND


@given(st.lists(st.tuples(st.sampled_from(["tick", "factor", "advance"]), st.integers(1, 10**6)), max_size=30))
def test_an_accelerated_clock_never_goes_back(steps: list[tuple[str, int]]) -> None:
    """Whatever is done to it, neither wall nor monotonic time falls."""
    ticks = Ticks()
    clock = AcceleratedClock(ORIGIN, 1, ticks)
    seen = (clock.wall(), clock.monotonic_s())
    for step, size in steps:
        if step == "tick":
            ticks.now += size
        elif step == "factor":
            clock.set_factor(size / 1_000)
        else:
            clock.advance_to(ORIGIN + size)
        assert clock.wall() >= seen[0]
        assert clock.monotonic_s() >= seen[1]
        seen = (clock.wall(), clock.monotonic_s())


async def test_sleepers_wake_when_the_clock_is_advanced_past_them() -> None:
    """Who slept until before the instant wakes; who sleeps longer goes on sleeping."""
    clock = AcceleratedClock(ORIGIN, 1, Ticks())
    short, long = asyncio.ensure_future(clock.sleep(3_600)), asyncio.ensure_future(clock.sleep(7_200))
    await asyncio.sleep(0)
    clock.advance_to(ORIGIN + 3_600 * SECOND)
    async with asyncio.timeout(10):
        await short
    assert not long.done()
    clock.advance_to(ORIGIN + DAY)
    async with asyncio.timeout(10):
        await long


async def test_an_accelerated_sleep_is_short_in_real_time() -> None:
    """A day at a million times the speed is over at once, and no less than a day of the clock has passed."""
    clock = AcceleratedClock(ORIGIN, 10_000_000)
    async with asyncio.timeout(5):
        await clock.sleep(86_400)
        await clock.sleep(0)
    assert clock.wall() >= ORIGIN + DAY


@pytest.mark.parametrize("factor", [0, -1, float("nan")])
def test_a_factor_that_stops_time_is_refused(factor: float) -> None:
    """Time passes or the clock is not made."""
    with pytest.raises(ValueError, match="expected a factor above 0"):
        AcceleratedClock(ORIGIN, factor)


async def test_a_loop_clock_follows_the_loop_and_jumps_on_the_wall_only() -> None:
    """A jump steps the wall forward or back, monotonic time does not notice."""
    loop = asyncio.get_running_loop()
    clock = LoopClock(ORIGIN)
    before_s = clock.monotonic_s()
    assert abs(clock.wall() - ORIGIN - loop.time() * SECOND) < SECOND
    clock.jump(86_400)
    assert abs(clock.wall() - ORIGIN - DAY - loop.time() * SECOND) < SECOND
    clock.jump(-2 * 86_400)
    assert abs(clock.wall() - ORIGIN + DAY - loop.time() * SECOND) < SECOND
    await clock.sleep(0.001)
    assert before_s + 0.001 <= clock.monotonic_s() <= loop.time()

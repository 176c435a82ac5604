"""The three clocks: the machine's, a faster one for the demo, and an event loop's own for the simulator."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from config.instants import SECOND, Instant

_NANOSECONDS_PER_MICROSECOND: Final = 1_000
_NANOSECONDS_PER_SECOND: Final = 1_000_000_000


def boot_time_s() -> float:
    """Seconds since the machine started, its sleep counted where the system can (Linux): for promises in real time."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SystemClock:
    """The machine's clock."""

    def wall(self) -> Instant:
        """The present instant, as the machine believes it."""
        return time.time_ns() // _NANOSECONDS_PER_MICROSECOND

    def monotonic_s(self) -> float:
        """Seconds from an unknown origin, never falling."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)


class AcceleratedClock:
    """A clock that starts at `origin` and runs `factor` times as fast as the machine's; it never goes back.

    Used by the demo to live through years in a minute. One task at a time may own it; sleepers wake early when
    `advance_to` jumps over the end of their sleep.
    """

    def __init__(self, origin: Instant, factor: float, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._monotonic_ns = monotonic_ns
        self._origin = origin
        self._passed = 0
        """Microseconds of this clock up to `_measured_ns`."""
        self._measured_ns = monotonic_ns()
        self._factor = _positive(factor)
        self._changed = asyncio.Event()

    def wall(self) -> Instant:
        """The present instant of the accelerated time."""
        return self._origin + self._passed_now()

    def monotonic_s(self) -> float:
        """Accelerated seconds since this clock was made."""
        return self._passed_now() / SECOND

    async def sleep(self, seconds: float) -> None:
        """Wait so many accelerated seconds."""
        due_s = self.monotonic_s() + seconds
        if seconds <= 0:
            await asyncio.sleep(0)
        while (left_s := due_s - self.monotonic_s()) > 0:
            changed = self._changed
            try:
                async with asyncio.timeout(left_s / self._factor):
                    await changed.wait()
            except TimeoutError:
                continue

    def advance_to(self, instant: Instant) -> None:
        """Jump forward to an instant and wake who slept until before it; an instant already past changes nothing."""
        passed = self._passed_now()
        self._rebase(max(passed, instant - self._origin))

    def set_factor(self, factor: float) -> None:
        """Run `factor` times as fast as the machine from now on; raises `ValueError` unless it is above 0."""
        factor = _positive(factor)
        self._rebase(self._passed_now())
        self._factor = factor

    def _passed_now(self) -> int:
        elapsed_ns = self._monotonic_ns() - self._measured_ns
        return self._passed + int(elapsed_ns * self._factor) // _NANOSECONDS_PER_MICROSECOND

    def _rebase(self, passed: int) -> None:
        self._passed, self._measured_ns = passed, self._monotonic_ns()
        # Sleepers wait on the event they found: setting it once wakes each of them exactly once.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class LoopClock:
    """The running event loop's time as a clock, for a loop with virtual time that starts at 0.

    `jump` steps the wall only, as an operator or a time server does.
    """

    def __init__(self, origin: Instant) -> None:
        self._origin = origin

    def wall(self) -> Instant:
        """`origin` plus the loop's time plus every jump."""
        return self._origin + round(self.monotonic_s() * SECOND)

    def monotonic_s(self) -> float:
        """The loop's time in seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the loop."""
        await asyncio.sleep(seconds)

    def jump(self, seconds: float) -> None:
        """Step the wall forward, or back where negative; `monotonic_s` and sleepers do not notice."""
        self._origin += round(seconds * SECOND)


def _positive(factor: float) -> float:
    if not factor > 0:
        raise ValueError(f"expected a factor above 0, found {factor}")
    return factor

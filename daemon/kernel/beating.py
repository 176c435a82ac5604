"""Beats for what takes long: a root is heard at least every `BEAT_EVERY_S_MAX`, also in a wait and in a slow call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from daemon.kernel.pausing import pause
from daemon.kernel.roots import Root

BEAT_EVERY_S_MAX: Final = 30.0
"""What every root keeps. The watchdog of the unit waits six times as long: docs/decisions/0013-heartbeats.md."""
CALL_S_MAX: Final = 900.0
"""A quarter of an hour in one call is no slow answer any more: then the root falls silent."""


async def pause_beating(root: Root, seconds: float) -> None:
    """Wait so many seconds of the loop; the root is heard meanwhile, however long an operator made the wait."""
    left_s = seconds
    while left_s > BEAT_EVERY_S_MAX:
        await pause(BEAT_EVERY_S_MAX)
        root.beat()
        left_s -= BEAT_EVERY_S_MAX
    await pause(left_s)
    root.beat()


@contextmanager
def beating(root: Root, limit_s: float = CALL_S_MAX) -> Iterator[None]:
    """While the body waits for something slow the root is heard, for `limit_s` at most: what hangs is still found."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + limit_s
    timer: asyncio.TimerHandle | None = None

    def beat() -> None:
        nonlocal timer
        if loop.time() < until_s:
            root.beat()
            timer = loop.call_later(BEAT_EVERY_S_MAX, beat)

    beat()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()

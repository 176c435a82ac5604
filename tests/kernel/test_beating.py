"""A root that waits, or asks something slow, is heard meanwhile; one that hangs is not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from daemon.kernel import BEAT_EVERY_S_MAX, Root, beating, pause_beating
from tests.kernel.sample_actors import RESTART, RecordedKernel
from tests.simulation.virtual_loop import run


def longest_silence_s(body: Callable[[Root], Awaitable[object]], watched_s: float) -> float:
    """The longest time without a beat of a root that does this and then nothing, looked at second by second."""

    async def scenario() -> float:
        kernel = RecordedKernel()

        async def work(root: Root) -> None:
            await body(root)
            await asyncio.Event().wait()

        loop = asyncio.get_running_loop()
        root = kernel.roots.start("root", work, owner="root", policy=RESTART, essential=False)
        longest_s = 0.0
        while loop.time() < watched_s:
            await asyncio.sleep(1)
            longest_s = max(longest_s, loop.time() - root.last_beat_s)
        await kernel.stop(ask_s=1, cancel_s=1)
        return longest_s

    return run(scenario, 1)


def test_a_long_wait_is_heard() -> None:
    """However long an operator made a wait, no silence is longer than the rule allows."""
    assert longest_silence_s(lambda root: pause_beating(root, 900), 900) <= BEAT_EVERY_S_MAX + 1


def test_a_slow_call_is_heard() -> None:
    """Ten minutes in one call are no silence."""

    async def call(root: Root) -> None:
        with beating(root):
            await asyncio.sleep(600)

    assert longest_silence_s(call, 600) <= BEAT_EVERY_S_MAX + 1


def test_a_call_that_hangs_falls_silent() -> None:
    """Beats end with the limit, so that a call without an end is found."""

    async def call(root: Root) -> None:
        with beating(root, limit_s=100):
            await asyncio.Event().wait()

    assert 900 <= longest_silence_s(call, 1_000) <= 930


def test_beats_end_with_the_call() -> None:
    """What a root does after a slow call is watched again."""

    async def call(root: Root) -> None:
        with beating(root):
            await asyncio.sleep(10)

    assert 480 <= longest_silence_s(call, 500)

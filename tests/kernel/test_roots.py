"""Root tasks: one that ends is an error, restarted in a window, then parked, fatal when essential."""

from __future__ import annotations

import asyncio

import pytest

from daemon.kernel import ActorState, EventKind, Root, RootFailed
from tests.kernel.sample_actors import RESTART, RecordedKernel, for_each_seed


async def serve(root: Root) -> None:
    """Beats every second for ever."""
    while True:
        root.beat()
        await asyncio.sleep(1)


async def end(_root: Root) -> None:
    """Ends after a second, which no root may."""
    await asyncio.sleep(1)


async def freeze(_root: Root) -> None:
    """Lives without a beat."""
    await asyncio.sleep(1_000)


def test_a_root_that_ends_is_restarted_then_parked() -> None:
    """Returning counts as a failure: two restarts with back-off, then parked and counted, with the reason shown."""

    async def story(kernel: RecordedKernel) -> None:
        root = kernel.roots.start("reader", end, owner="revenue", policy=RESTART, essential=False)
        await asyncio.sleep(10)
        assert root.state is ActorState.PARKED
        assert "ended by itself" in root.reason
        assert kernel.kinds() == [(EventKind.RESTARTING, "reader")] * 2 + [(EventKind.PARKED, "reader")]
        assert (kernel.counters.restarts, kernel.counters.parked) == (2, 1)
        assert not kernel.fatal.done()

    for_each_seed(story)


def test_an_essential_root_that_is_parked_is_fatal() -> None:
    """The daemon hears `RootFailed` with the root's name and reason once an essential root cannot be kept up."""

    async def fail(_root: Root) -> None:
        raise OSError("the disk is full")

    async def story(kernel: RecordedKernel) -> None:
        kernel.roots.start("journal", fail, owner="journal", policy=RESTART, essential=True)
        with pytest.raises(RootFailed, match=r"'journal' is parked: .* OSError: the disk is full"):
            await kernel.fatal
        assert asyncio.get_running_loop().time() == 1 + 2
        assert not kernel.is_stopping

    for_each_seed(story)


def test_a_parked_root_can_be_resumed() -> None:
    """Resuming runs it again with an empty window; an unknown or running root is not resumed."""
    works = [False]

    async def flaky(root: Root) -> None:
        if works[0]:
            await serve(root)

    async def story(kernel: RecordedKernel) -> None:
        works[0] = False
        root = kernel.roots.start("flaky", flaky, owner="tests", policy=RESTART, essential=False)
        assert not kernel.roots.resume("flaky")
        assert not kernel.roots.resume("nobody")
        await asyncio.sleep(10)
        works[0] = True
        assert kernel.roots.resume("flaky")
        await asyncio.sleep(1)
        assert (root.state, kernel.counters.parked) == (ActorState.RUNNING, 0)

    for_each_seed(story)


def test_a_root_without_beats_is_silent() -> None:
    """The watchdog finds the roots whose last beat is older than its limit, and only those."""

    async def story(kernel: RecordedKernel) -> None:
        kernel.roots.start("beating", serve, owner="tests", policy=RESTART, essential=True)
        kernel.roots.start("frozen", freeze, owner="tests", policy=RESTART, essential=True)
        assert kernel.roots.silent(5) == []
        await asyncio.sleep(20)
        assert [root.name for root in kernel.roots.silent(5)] == ["frozen"]
        assert [root.name for root in kernel.roots] == ["beating", "frozen"]

    for_each_seed(story)


def test_the_names_of_roots_are_unique() -> None:
    """A second root of the same name is refused by name."""

    async def story(kernel: RecordedKernel) -> None:
        kernel.roots.start("reader", serve, owner="tests", policy=RESTART, essential=False)
        with pytest.raises(ValueError, match="'reader' exists already"):
            kernel.roots.start("reader", serve, owner="tests", policy=RESTART, essential=False)

    for_each_seed(story)


def test_a_cancellation_from_within_is_the_roots_failure() -> None:
    """A root whose awaited future was cancelled by somebody else is restarted, not taken for stopped."""

    async def lose(_root: Root) -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def story(kernel: RecordedKernel) -> None:
        root = kernel.roots.start("reader", lose, owner="tests", policy=RESTART, essential=False)
        await asyncio.sleep(0.5)
        assert root.state is ActorState.RESTARTING

    for_each_seed(story)

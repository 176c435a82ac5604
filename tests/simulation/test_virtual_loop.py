"""The seeded loop: same seed, same run; other seeds, other orders; no waiting, no threads, no silent deadlock."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.simulation.virtual_loop import Deadlock, Livelock, SimulatedCrash, run


def trace_of(seed: int) -> list[tuple[float, str]]:
    """Who did what when, in a run of four workers over a shared queue with timers."""
    trace: list[tuple[float, str]] = []

    async def work(name: str, queue: asyncio.Queue[int]) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(5):
            item = await queue.get()
            trace.append((loop.time(), f"{name} took {item}"))
            await asyncio.sleep(item % 3)

    async def main() -> None:
        queue: asyncio.Queue[int] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            for name in "abcd":
                group.create_task(work(name, queue), name=name)
            for item in range(20):
                queue.put_nowait(item)
                await asyncio.sleep(0)

    run(main, seed)
    return trace


def test_one_seed_is_one_run() -> None:
    """Two runs with the same seed leave the same trace, for every one of 50 seeds."""
    assert [trace_of(seed) for seed in range(50)] == [trace_of(seed) for seed in range(50)]


def test_seeds_differ() -> None:
    """Fifty seeds give many different interleavings of the same program."""
    assert len({tuple(trace_of(seed)) for seed in range(50)}) > 25


def lost_update(seed: int) -> int:
    """The balance after two tasks each read it, let another turn pass, and wrote back one more."""
    balance = 0

    async def add(turns_before: int) -> None:
        nonlocal balance
        for _ in range(turns_before):
            await asyncio.sleep(0)
        read = balance
        await asyncio.sleep(0)
        balance = read + 1

    async def main() -> None:
        await asyncio.gather(add(0), add(1))

    run(main, seed)
    return balance


def test_an_order_race_is_found_by_some_seed_and_replays() -> None:
    """A lost update shows with some seeds and not with others, each time the same for the same seed."""
    outcomes = [lost_update(seed) for seed in range(100)]
    assert set(outcomes) == {1, 2}
    assert outcomes == [lost_update(seed) for seed in range(100)]


def test_timers_due_at_the_same_instant_are_shuffled() -> None:
    """Two timers of one instant fire in either order, depending on the seed."""

    def order(seed: int) -> str:
        fired: list[str] = []

        async def main() -> None:
            loop = asyncio.get_running_loop()
            for name in "ab":
                loop.call_at(1, fired.append, name)
            await asyncio.sleep(2)

        run(main, seed)
        return "".join(fired)

    assert {order(seed) for seed in range(20)} == {"ab", "ba"}


def test_waiting_takes_no_time() -> None:
    """A year of virtual time passes in an instant, and the clock shows it exactly."""
    year_s = 365 * 86_400

    async def main() -> float:
        await asyncio.sleep(year_s)
        return asyncio.get_running_loop().time()

    began_s = time.monotonic()
    assert run(main, 1) == year_s
    assert time.monotonic() - began_s < 5


def test_a_cancelled_timer_does_not_move_the_clock() -> None:
    """A timer that was cancelled is not waited for."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(500, lambda: None).cancel()
        await asyncio.sleep(1)
        return loop.time()

    assert run(main, 1) == 1


def test_a_deadlock_names_who_waits() -> None:
    """When nothing can happen any more the run ends with the seed and the names of the pending tasks."""

    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        task = asyncio.create_task(wait_for_ever(), name="reader of nothing")
        await task

    with pytest.raises(Deadlock, match=r"seed 7: .*reader of nothing"):
        run(main, 7)


def test_a_livelock_ends() -> None:
    """A program that goes on for ever ends when its rounds are used up."""

    async def main() -> None:
        while True:  # noqa: ASYNC110 - going on for ever is the point
            await asyncio.sleep(1)

    with pytest.raises(Livelock, match="seed 3"):
        run(main, 3, rounds_max=1_000)


def test_threads_are_refused() -> None:
    """Code that would start a thread is told to use an in-memory adapter."""

    async def main() -> None:
        await asyncio.to_thread(time.monotonic)

    with pytest.raises(RuntimeError, match="in-memory adapter"):
        run(main, 0)


def test_after_a_crash_dead_tasks_unwind_in_order_and_go_no_further() -> None:
    """Left-over coroutines run their `finally` before `run` returns, oldest first, and none gets past an await."""
    unwound: list[str] = []

    async def die_slowly(name: str) -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            unwound.append(name)
            await asyncio.sleep(0)
            unwound.append(f"{name} acted after its death")

    async def main() -> None:
        tasks = [asyncio.create_task(die_slowly(name), name=name) for name in "abc"]
        await asyncio.sleep(1)
        raise SimulatedCrash(f"{len(tasks)} tasks die here")

    for seed in range(10):
        unwound.clear()
        with pytest.raises(SimulatedCrash):
            run(main, seed)
        assert unwound == ["a", "b", "c"]

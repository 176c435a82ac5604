"""The stop ladder: ask, cancel, abandon with a count. It ends in time whatever an actor does with its cancellation.

First the actors, their tasks and the root tasks that bring work in; then the root tasks that finish what those left
behind, such as the publication of the last events. Each of the two climbs the rungs, and no rung waits for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from daemon.kernel.roots import Roots
from daemon.kernel.state import EventKind, KernelState, Phase
from daemon.kernel.tasks import Tasks


class StopReport(msgspec.Struct, frozen=True):
    """The names of the tasks that were at work when the stop began or joined it, by the rung on which they ended.

    When `abandoned` is not empty, end the process with `os._exit` after what must be said is said: `asyncio.run`
    would wait for those tasks for ever.
    """

    asked: tuple[str, ...]
    cancelled: tuple[str, ...]
    abandoned: tuple[str, ...]


class _Rungs:
    """The tasks seen so far and the rung on which each was last seen at work."""

    def __init__(self, state: KernelState, tasks: Tasks) -> None:
        self._state = state
        self._tasks = tasks
        self._self = asyncio.current_task()
        self._seen: dict[asyncio.Task[None], str] = {}

    def at_work(self, is_meant: Callable[[asyncio.Task[None]], bool]) -> list[asyncio.Task[None]]:
        """The tasks of this half of the ladder that are not done; never the one that climbs it."""
        return [task for task in self._tasks.running() if task is not self._self and is_meant(task)]

    async def settle(self, is_meant: Callable[[asyncio.Task[None]], bool], rung: str, wait_s: float) -> None:
        """Waits until no task is at work, also none that began meanwhile, at most `wait_s`."""
        loop = self._state.loop
        until_s = loop.time() + wait_s
        while tasks := self.at_work(is_meant):
            self._seen.update(dict.fromkeys(tasks, rung))
            left_s = until_s - loop.time()
            if left_s <= 0:
                return
            await asyncio.wait(tasks, timeout=left_s)

    async def climb(self, is_meant: Callable[[asyncio.Task[None]], bool], ask_s: float, cancel_s: float) -> None:
        """All three rungs for the tasks that are meant; they have been asked already."""
        await self.settle(is_meant, "asked", ask_s)
        self._state.phase = max(self._state.phase, Phase.CANCELLING)
        for task in self.at_work(is_meant):
            task.cancel("the kernel is stopping and the time to end by itself is over")
        await self.settle(is_meant, "cancelled", cancel_s)
        for task in self.at_work(is_meant):
            self._seen[task] = "abandoned"
            self._state.counters.abandoned += 1
            detail = f"{task.get_name()}: it did not end within {cancel_s} s of its cancellation"
            self._state.report(EventKind.ABANDONED, self._tasks.owner_of(task) or task.get_name(), detail)

    def report(self) -> StopReport:
        """Who ended on which rung."""

        def names(rung: str) -> tuple[str, ...]:
            return tuple(task.get_name() for task, last in self._seen.items() if last == rung)

        return StopReport(asked=names("asked"), cancelled=names("cancelled"), abandoned=names("abandoned"))


async def climb(state: KernelState, tasks: Tasks, roots: Roots, *, ask_s: float, cancel_s: float) -> StopReport:
    """Climbs the ladder twice once a stop has begun, so it ends within `2 * (ask_s + cancel_s)`."""
    rungs = _Rungs(state, tasks)
    roots.stop_sources()
    finishing = roots.finishing_tasks()
    await rungs.climb(lambda task: task not in finishing, ask_s, cancel_s)
    roots.stop_finishing()
    await rungs.climb(lambda task: task in finishing, ask_s, cancel_s)
    state.phase = Phase.ENDED
    return rungs.report()

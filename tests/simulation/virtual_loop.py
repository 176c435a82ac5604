"""A seeded event loop with virtual time: one seed is one interleaving, and waiting takes no time.

Before every round it shuffles the callbacks that are ready; when none is ready it moves its clock to the next timer.
So a test that runs with many seeds sees many orders of the same events, and a failing seed replays exactly.

There are no threads and no descriptors here: an executor is refused, and adapters must be in-memory ones. When `run`
ends, by a result or by a crash, the loop is closed first and the coroutines left over are closed after it, in the
order of their birth: their `finally` blocks run, but find a closed loop. What they call synchronously in there would
still act, so the fake world has to be fenced by an epoch: it refuses a caller of an epoch that is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Never, TypeVar

Result = TypeVar("Result")
CANCELLED_MAX = 50
"""Cancelled timers that may wait for their time before all of them are dropped."""


class SimulatedCrash(BaseException):
    """The process dies here. No `Exception`, so that no handler survives it."""


class Deadlock(BaseException):
    """Nothing is ready and no timer waits, yet tasks are pending. No `Exception`, so that nothing survives it."""


class Livelock(BaseException):
    """The rounds are used up: something goes on for ever."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`seed` decides every order; `chance` is the same source, for whatever else the simulation has to draw."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _stopping: bool
    _timer_cancelled_count: int

    def __init__(self, seed: int, *, rounds_max: int = 10_000_000) -> None:
        super().__init__()
        self.seed = seed
        self.chance = random.Random(seed)
        self.rounds_left = rounds_max
        self._now_s = 0.0
        # There are no descriptors: asking the kernel for them in every round would be most of an idle year.
        self._selector.select = _nothing_to_read  # type: ignore[attr-defined]  # private to asyncio
        self._births: weakref.WeakKeyDictionary[asyncio.Task[Any], int] = weakref.WeakKeyDictionary()
        self._born = 0

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A task of this loop, whose birth is remembered so that what is left over ends in a fixed order."""
        task = super().create_task(coro, **options)
        self._born += 1
        self._births[task] = self._born
        return task

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Never:  # type: ignore[override]
        """Refused: a real thread would bring real time back."""
        raise RuntimeError(f"{func!r} would run in a thread; a simulation has none, use an in-memory adapter")

    def pending(self) -> list[asyncio.Task[Any]]:
        """The tasks that are not done, oldest first."""
        return sorted((task for task in self._births if not task.done()), key=self._births.__getitem__)

    def abandon(self) -> None:
        """Closes the loop, then the coroutines left over: they may unwind, but the loop carries nothing for them."""
        left = self.pending()
        self._ready.clear()
        self._scheduled.clear()
        self.close()
        for task in left:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # private to asyncio
            # Whatever a dead task raises while it unwinds is nobody's concern any more.
            with contextlib.suppress(BaseException):
                task.get_coro().close()

    def _run_once(self) -> None:
        self._advance()
        if len(self._ready) > 1:
            self.chance.shuffle(self._ready)
        self.rounds_left -= 1
        if self.rounds_left < 0:
            raise Livelock(f"seed {self.seed}: no end after all rounds, at {self._now_s} s; pending: {self._names()}")
        # As asyncio does it, without asking a selector for descriptors that there are none of.
        ready = self._ready
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # type: ignore[attr-defined]  # private to asyncio
                handle._run()

    def _advance(self) -> None:
        """Moves what is due among the ready, after moving the clock if nothing else can happen."""
        self._drop_cancelled()
        if not self._ready and not self._stopping:
            if not self._scheduled:
                raise Deadlock(f"seed {self.seed}: nothing can happen any more; pending: {self._names()}")
            self._now_s = max(self._now_s, self._scheduled[0].when())
        while self._scheduled and self._scheduled[0].when() <= self._now_s:
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]  # private to asyncio
            self._ready.append(handle)
            self._drop_cancelled()

    def _drop_cancelled(self) -> None:
        if self._timer_cancelled_count > max(CANCELLED_MAX, len(self._scheduled) // 2):
            self._drop_all_cancelled()
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)._scheduled = False  # type: ignore[attr-defined]  # private to asyncio
            self._timer_cancelled_count -= 1

    def _drop_all_cancelled(self) -> None:
        for handle in self._scheduled:
            handle._scheduled = not handle.cancelled()  # type: ignore[attr-defined]  # private to asyncio
        self._scheduled = [handle for handle in self._scheduled if not handle.cancelled()]
        heapq.heapify(self._scheduled)
        self._timer_cancelled_count = 0

    def _names(self) -> str:
        return ", ".join(task.get_name() for task in self.pending()) or "no task"


def _nothing_to_read(_timeout_s: float | None = None) -> list[Never]:
    return []


def run(main: Callable[[], Coroutine[Any, Any, Result]], seed: int, *, rounds_max: int = 10_000_000) -> Result:
    """Runs `main()` to its end in virtual time and returns its result; what it raises is raised here.

    Raises `Deadlock`, naming the tasks that wait for ever, and `Livelock` after `rounds_max` rounds of the loop.
    """
    loop = VirtualLoop(seed, rounds_max=rounds_max)
    try:
        return loop.run_until_complete(main())
    finally:
        loop.abandon()

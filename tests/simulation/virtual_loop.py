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
import contextvars
import heapq
import random
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Never, TypeVar

Result = TypeVar("Result")
BIRTHS_MAX = 500
"""Tasks that are remembered before those that are done are forgotten."""
_NEW_HANDLE = asyncio.Handle.__new__
CANCELLED_MAX = 50
"""Cancelled timers that may wait for their time before all of them are dropped."""


class SimulatedCrash(BaseException):
    """The process dies here. No `Exception`, so that no handler survives it."""


class Deadlock(BaseException):
    """Nothing is ready and no timer waits, yet tasks are pending. No `Exception`, so that nothing survives it."""


class Livelock(BaseException):
    """The rounds are used up: something goes on for ever."""


class _Timer(asyncio.TimerHandle):
    """A timer that asks nobody whether it is being debugged; one loop compares it with nothing else."""

    __slots__ = ()

    def __init__(
        self,
        when_s: float,
        callback: Any,
        args: Any,
        loop: asyncio.AbstractEventLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._context = contextvars.copy_context() if context is None else context
        self._loop, self._callback, self._args, self._cancelled = loop, callback, args, False
        self._repr = self._source_traceback = None
        self._when, self._scheduled = when_s, True

    def __lt__(self, other: Any) -> bool:
        return self._when < other._when  # type: ignore[no-any-return]


class VirtualLoop(asyncio.SelectorEventLoop):
    """`seed` decides every order; `chance` is the same source, for whatever else the simulation has to draw."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[_Timer]
    _closed: bool
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
        self._births: list[weakref.ref[asyncio.Task[Any]]] = []
        """Every task that may not be done, oldest first."""
        self._births_max = BIRTHS_MAX

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now_s

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A task of this loop, whose birth is remembered so that what is left over ends in a fixed order."""
        task = super().create_task(coro, **options)
        self._births.append(weakref.ref(task))
        if len(self._births) > self._births_max:
            self._births = [weakref.ref(each) for each in self.pending()]
            self._births_max = 2 * len(self._births) + BIRTHS_MAX
        return task

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        """As asyncio does it, in fewer steps."""
        if self._closed:
            raise RuntimeError("Event loop is closed")
        # Of these a virtual year is made: none asks whether it is being debugged, and none costs a call of its own.
        handle: Any = _NEW_HANDLE(asyncio.Handle)
        handle._context = contextvars.copy_context() if context is None else context
        handle._loop, handle._callback, handle._args, handle._cancelled = self, callback, args, False
        handle._repr = handle._source_traceback = None
        self._ready.append(handle)
        return handle  # type: ignore[no-any-return]

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """As asyncio does it, in fewer steps."""
        if self._closed:
            raise RuntimeError("Event loop is closed")
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        return timer

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Never:  # type: ignore[override]
        """Refused: a real thread would bring real time back."""
        raise RuntimeError(f"{func!r} would run in a thread; a simulation has none, use an in-memory adapter")

    def pending(self) -> list[asyncio.Task[Any]]:
        """The tasks that are not done, oldest first."""
        return [task for each in self._births if (task := each()) is not None and not task.done()]

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
        ready = self._ready
        if len(ready) > 1:
            self._shuffle(ready)
        self.rounds_left -= 1
        if self.rounds_left < 0:
            raise Livelock(f"seed {self.seed}: no end after all rounds, at {self._now_s} s; pending: {self._names()}")
        # As asyncio does it, without asking a selector for descriptors that there are none of.
        for _ in range(len(ready)):
            handle: Any = ready.popleft()
            if handle._cancelled:
                continue
            try:
                handle._context.run(handle._callback, *handle._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001 - whatever a callback raises is the handler's to tell
                said = {"message": f"Exception in callback {handle._callback!r}", "exception": error, "handle": handle}
                self.call_exception_handler(said)

    def _shuffle(self, ready: deque[asyncio.Handle]) -> None:
        """`random.shuffle`, draw by draw: kept seeds stay what they were."""
        draw = self.chance.getrandbits
        for last in range(len(ready) - 1, 0, -1):
            bits = (last + 1).bit_length()
            while (other := draw(bits)) > last:
                pass
            ready[last], ready[other] = ready[other], ready[last]

    def _advance(self) -> None:
        """Moves what is due among the ready, after moving the clock if nothing else can happen."""
        timers = self._without_cancelled() if self._timer_cancelled_count else self._scheduled
        ready = self._ready
        if not ready and not self._stopping:
            if not timers:
                raise Deadlock(f"seed {self.seed}: nothing can happen any more; pending: {self._names()}")
            self._now_s = max(self._now_s, timers[0]._when)
        now_s = self._now_s
        while timers and timers[0]._when <= now_s:
            timer = heapq.heappop(timers)
            timer._scheduled = False
            ready.append(timer)
            if self._timer_cancelled_count:
                timers = self._without_cancelled()

    def _without_cancelled(self) -> list[_Timer]:
        """The timers that wait, no cancelled one first among them."""
        timers, cancelled = self._scheduled, self._timer_cancelled_count
        if cancelled > CANCELLED_MAX and cancelled > len(timers) // 2:
            self._drop_all_cancelled()
            timers = self._scheduled
        while timers and timers[0]._cancelled:
            heapq.heappop(timers)._scheduled = False
            self._timer_cancelled_count -= 1
        return timers

    def _drop_all_cancelled(self) -> None:
        for handle in self._scheduled:
            handle._scheduled = not handle.cancelled()
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

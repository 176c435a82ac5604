"""A synchronous SDK's calls: bounded threads, and a time limit after which the answer is unknown.

Cancelling the wait for a thread does not stop the thread (STYLE 5). So a late call keeps its place until it ends, and
while every place is kept no other call starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Transient

T = TypeVar("T")

THREADS_MAX_DEFAULT: Final = 8
CALL_LIMIT_DEFAULT_S: Final = 30.0
PLACE_WAIT_DEFAULT_S: Final = 30.0


class BlockingCalls:
    """The one pool of threads of one adapter."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        threads_max: int = THREADS_MAX_DEFAULT,
        call_limit_s: float = CALL_LIMIT_DEFAULT_S,
        place_wait_s: float = PLACE_WAIT_DEFAULT_S,
    ) -> None:
        """`name` is what messages and threads are called after; the limits are those of `call`."""
        self._name = name
        self._clock = clock
        self._call_limit_s = call_limit_s
        self._place_wait_s = place_wait_s
        self._threads_max = threads_max
        self._places = asyncio.Semaphore(threads_max)
        self._executor = ThreadPoolExecutor(threads_max, thread_name_prefix=name)
        self._late = 0

    @property
    def late(self) -> int:
        """How many threads still wait for an answer that nobody waits for any more."""
        return self._late

    async def call(self, what: str, function: Callable[[], T], *, limit_s: float | None = None) -> T:
        """The function's result, computed in a thread; what it raises is raised here.

        Raises `Transient` where no thread became free (nothing was called), and `Ambiguous` where the answer was not
        there after `limit_s` of the clock. Cancelled, it leaves the thread to end by itself.
        """
        await self._take_place(what)
        answer = asyncio.get_running_loop().run_in_executor(self._executor, function)
        answer.add_done_callback(lambda _: self._places.release())
        limit = self._call_limit_s if limit_s is None else min(limit_s, self._call_limit_s)
        try:
            in_time = await self._within(answer, max(0.0, limit), what)
        except asyncio.CancelledError:
            self._abandon(answer)
            raise
        if not in_time:
            self._abandon(answer)
            raise Ambiguous(f"{self._name} did not answer {what} within {limit:g} s")
        return answer.result()

    def close(self) -> None:
        """Start no call any more; threads that still run end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _take_place(self, what: str) -> None:
        if self._places.locked():
            await self._wait_for_place(what)
        else:
            await self._places.acquire()

    async def _wait_for_place(self, what: str) -> None:
        async with asyncio.TaskGroup() as group:
            place = group.create_task(self._places.acquire(), name=f"place for {what}")
            try:
                in_time = await self._within(place, self._place_wait_s, what)
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self._places.release()
                raise
            place.cancel()
        if not in_time:
            raise Transient(
                f"{self._name}: all {self._threads_max} calls at once are under way ({self._late} of them late), "
                f"{what} was not begun",
                self._place_wait_s,
            )

    async def _within(self, answer: asyncio.Future[T], seconds: float, what: str) -> bool:
        """Whether it is done within so many seconds of the clock."""
        async with asyncio.TaskGroup() as group:
            limit = group.create_task(self._clock.sleep(seconds), name=f"time limit of {what}")
            either: list[asyncio.Future[Any]] = [answer, limit]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            limit.cancel()
        return answer.done()

    def _abandon(self, answer: asyncio.Future[T]) -> None:
        self._late += 1
        answer.add_done_callback(self._ended_late)

    def _ended_late(self, answer: asyncio.Future[T]) -> None:
        self._late -= 1
        if not answer.cancelled():
            answer.exception()  # looked at, so that nobody warns of an answer that came too late

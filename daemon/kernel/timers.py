"""Timers: every timer of every actor in one heap behind one handle of the loop."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import NewType

import msgspec

from daemon.kernel.actor import ActorRef

TimerId = NewType("TimerId", int)

_COMPACT_ABOVE_ITEMS = 64


class Timers:
    """Messages to be told to actors later. Times are the loop's: monotonic seconds, meaningless after a restart.

    A timer belongs to the life of the actor it was set for: when that restarts, parks or resumes, the timer is void
    and `started` or `restart` sets what is needed anew. A message that meets a full mailbox is tried again after
    `retry_s`, so that a busy actor loses no tick.
    """

    __slots__ = ("_deliver", "_handle", "_heap", "_last_id", "_loop", "_retry_s", "_waiting")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[ActorRef, msgspec.Struct], bool],
        retry_s: float,
    ) -> None:
        """`deliver` hands a message over and returns False when it is to be tried again."""
        self._loop = loop
        self._deliver = deliver
        self._retry_s = retry_s
        self._last_id = 0
        self._heap: list[tuple[float, TimerId]] = []
        self._waiting: dict[TimerId, tuple[ActorRef, int, msgspec.Struct]] = {}
        self._handle: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def schedule(self, at_monotonic_s: float, actor: ActorRef, message: msgspec.Struct) -> TimerId:
        """Tells `message` to `actor` at `at_monotonic_s`, at once if that is past; equal times keep their order."""
        self._last_id += 1
        timer = TimerId(self._last_id)
        self._waiting[timer] = (actor, actor.life, message)
        heapq.heappush(self._heap, (at_monotonic_s, timer))
        self._watch(at_monotonic_s)
        return timer

    def cancel(self, timer: TimerId) -> bool:
        """Drops a timer; False when it has fired or was cancelled before."""
        if self._waiting.pop(timer, None) is None:
            return False
        if len(self._heap) > _COMPACT_ABOVE_ITEMS + 2 * len(self._waiting):
            self._heap = [entry for entry in self._heap if entry[1] in self._waiting]
            heapq.heapify(self._heap)
        return True

    def clear(self) -> None:
        """Drops every timer; a stop does this first."""
        self._waiting.clear()
        self._heap.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _watch(self, at_s: float) -> None:
        """Sees to it that the one handle fires at `at_s` or before; firing too early costs nothing."""
        if self._handle is not None:
            if self._handle.when() <= at_s:
                return
            self._handle.cancel()
        self._handle = self._loop.call_at(at_s, self._fire)

    def _fire(self) -> None:
        self._handle = None
        now_s = self._loop.time()
        while self._heap and self._heap[0][0] <= now_s:
            _, timer = heapq.heappop(self._heap)
            due = self._waiting.pop(timer, None)
            if due is None:
                continue
            actor, life, message = due
            if actor.life == life and not self._deliver(actor, message):
                self._waiting[timer] = due
                heapq.heappush(self._heap, (now_s + self._retry_s, timer))
        if self._heap:
            self._watch(self._heap[0][0])

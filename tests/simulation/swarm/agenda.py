"""The agenda of the world: what happens outside and when, whoever runs. It survives every process."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING

from config.instants import SECOND, Instant

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

Action = Callable[["SwarmWorld"], None]
"""Synchronous: no process can die in the middle of what happens outside."""


class Agenda:
    """Actions in the order of their times; equal times keep the order in which they were entered."""

    def __init__(self) -> None:
        self._heap: list[tuple[Instant, int, Action]] = []
        self._entered = 0
        self._waiting: asyncio.Future[None] | None = None
        """Until the time of what was next when the wait began."""

    def at(self, when: Instant, action: Action) -> None:
        """Let this happen then."""
        self._entered += 1
        is_next = not self._heap or when < self._heap[0][0]
        heapq.heappush(self._heap, (when, self._entered, action))
        if is_next:
            _end(self._waiting)

    def next_at(self) -> Instant | None:
        """When the next thing happens."""
        return self._heap[0][0] if self._heap else None

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until something is entered that comes before all else."""
        self._waiting = asyncio.get_running_loop().create_future()
        timer = asyncio.get_running_loop().call_later(seconds, _end, self._waiting)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def take(self) -> Action:
        """The next thing; it is on the agenda no longer."""
        return heapq.heappop(self._heap)[2]


async def play(world: SwarmWorld, agenda: Agenda, until: Instant) -> None:
    """Let everything happen whose time comes, through `until`; a clock that is set back makes it wait longer."""
    while (at := agenda.next_at()) is not None and at <= until:
        left_s = (at - world.clock.wall()) / SECOND
        if left_s > 0:
            await agenda.wait(left_s)
            continue
        agenda.take()(world)
        if world.findings:
            return
    left_s = (until - world.clock.wall()) / SECOND
    await asyncio.sleep(max(0.0, left_s))


def _end(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)

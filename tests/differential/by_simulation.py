"""A business told to the whole daemon under virtual time, lived through month by month or imported at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from itertools import chain

from adapters.memory_streams import MemoryServer
from config.calendar import calendar_of
from config.instants import DAY, SECOND, Instant, instant_text
from config.plan import Plan
from daemon.demo.strides import stride_of, strides
from daemon.running import Daemon
from machines.revenue.writing_fields import entry_fields
from tests.differential.account import Account, by_journal
from tests.differential.businesses import Business, Told
from tests.simulation.scenario import Stimulus, quiescent, require_none
from tests.simulation.world import SurvivingClock, World


class LeapingClock(SurvivingClock):
    """A clock that leaps over the days in which nothing happens, as the demonstration's does: nobody sees it jump."""

    def __init__(self, origin: Instant) -> None:
        super().__init__(origin)
        self._leapt_s = 0.0

    def monotonic_s(self) -> float:
        """The loop's seconds and those that were leapt over."""
        return super().monotonic_s() + self._leapt_s

    def leap_to(self, instant: Instant) -> None:
        """Go there at once; an instant already past changes nothing."""
        self._leapt_s += max(0, instant - self.wall()) / SECOND


class LivedWorld(World):
    """A world whose clock leaps."""

    def __init__(self, plan: Plan, seed: int, origin: Instant) -> None:
        super().__init__(plan, seed)
        self.clock: LeapingClock = LeapingClock(origin)
        self.server = MemoryServer(self.clock)


def lived(
    plan: Plan, business: Business, seed: int, *, watermarks: bool = True, on_the_way: Mapping[Instant, Stimulus] = {}
) -> Account:
    """Stride by stride: what was told in it, a watermark at its end, and everything that they lead to.

    Without `watermarks` only the last month's end is told, so that months close by time. `on_the_way` happens once its
    stride is over, and before that stride's watermark.
    """
    stride = stride_of(plan, watched=False)
    calendar = calendar_of(plan.timezone)
    starts_at, ends_at = calendar.start_of(business.months[0]), calendar.end_of(business.months[-1])
    world = LivedWorld(plan, seed, starts_at)

    async def live(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        due = deque(business.told)
        for start, end in chain.from_iterable(
            strides(calendar, calendar.start_of(month), calendar.end_of(month), stride) for month in business.months
        ):
            world.clock.leap_to(end)  # type: ignore[attr-defined]  # it is a lived one
            while due and due[0].at < end:
                _send(world, due.popleft())
            for happen in (each for at, each in on_the_way.items() if start <= at < end):
                happen(world)
                await quiescent(world, daemon)
            if watermarks or end == ends_at:
                world.send("payments", {"watermark": instant_text(end)})
            await _settled(world, daemon)

    assert world.live(live, stops=False)
    require_none(world)
    return by_journal(world.events())


def imported(plan: Plan, business: Business, seed: int, *, before: Stimulus | None = None) -> Account:
    """All at once, long after it happened, with one watermark behind it: an import; `before` happens first."""
    ends_at = calendar_of(plan.timezone).end_of(business.months[-1])
    world = LivedWorld(plan, seed, ends_at + 100 * DAY)

    async def live(world: World, daemon: Daemon) -> None:
        if before is not None:
            before(world)
            await quiescent(world, daemon)
        for each in business.told:
            _send(world, each)
        world.send("payments", {"watermark": instant_text(ends_at)})
        await _settled(world, daemon)

    assert world.live(live, stops=False)
    require_none(world)
    return by_journal(world.events())


async def _settled(world: World, daemon: Daemon) -> None:
    """What was sent has been judged, what time alone makes due too, and what is durable is folded."""
    await quiescent(world, daemon)
    await asyncio.sleep(world.settings.health.check_every_s + 1)
    await quiescent(world, daemon)
    while daemon.recorder.state.sequence < daemon.ports.journal.last_sequence:  # noqa: ASYNC110 - one round of the loop
        await asyncio.sleep(0)


def _send(world: World, told: Told) -> None:
    world.send("payments", entry_fields(told.payment))

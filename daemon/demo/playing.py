"""Playing a ledger to a running daemon: send what is due, let it take effect, and only then move the clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from config.calendar import calendar_of
from config.instants import Instant, instant_text
from config.plan import Plan
from daemon.demo.account import Account
from daemon.demo.ledger import Ledger
from daemon.demo.narration import HEADER, Narrator
from daemon.demo.quiescence import Quiescence, StoppedError
from daemon.demo.screen import Screen
from daemon.demo.strides import stride_of, strides
from daemon.demo.wording import level_text, money, ratio_text
from daemon.running import Daemon
from machines.events import Recorded
from machines.lifecycle_states import SETTLED, ComponentState
from machines.revenue.writing_fields import entry_fields

ENTRIES_AT_ONCE_MAX = 500
LASTS_S = 55.0
"""How long all months together take where a person watches; fewer months do not take longer each."""
MONTHS_AT_FULL_LENGTH = 24


class Sender(Protocol):
    """Whoever appends to the stream `payments`."""

    async def send(self, entries: Sequence[Mapping[str, str]]) -> str:
        """Append these entries in order; the id of the last."""
        ...


class MovableClock(Protocol):
    """The clock as the player moves it."""

    def wall(self) -> Instant:
        """The present instant."""
        ...

    def advance_to(self, instant: Instant) -> None:
        """Jump forward."""
        ...


class Player:
    """Plays one ledger from its first day to its last payment."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        plan: Plan,
        daemon: Daemon,
        clock: MovableClock,
        sender: Sender,
        screen: Screen,
        stop: asyncio.Event,
        quick: bool,
    ) -> None:
        """`quick` leaves out every pause and takes longer strides."""
        self.account = Account(plan)
        self._ledger = ledger
        self._plan = plan
        self._daemon = daemon
        self._clock = clock
        self._sender = sender
        self._screen = screen
        self._stop = stop
        self._quick = quick
        self._state = daemon.recorder.state
        self._due = deque(ledger.payments)
        self._heard: deque[Recorded] = deque()
        self._narrator = Narrator(plan, self._state, ledger.largest)
        daemon.recorder.listen(self._heard.append)
        self._quiescence = Quiescence(daemon, self._speak, stop)
        self._unsettled: frozenset[str] = frozenset()
        self._stride = stride_of(plan, watched=not quick and len(ledger.months) <= MONTHS_AT_FULL_LENGTH)

    async def play(self) -> None:
        """Live through every month. Raises `StoppedError`, `NotTakenError` and `StreamsAwayError`."""
        ledger, calendar = self._ledger, calendar_of(self._plan.timezone)
        self._screen.say(HEADER, "title")
        await self._settle()
        self._screen.tell(self._narrator.settled())
        for month in ledger.months:
            await self._live_through(calendar.start_of(month), calendar.end_of(month), closes=True)
            self.account.closed(self._state.deciding.decided.level)
            self._screen.tell(self._narrator.settled())
        self.account.transitions = self._narrator.transitions  # what follows belongs to a month that nobody has closed
        rest_from = calendar.end_of(ledger.months[-1])
        if ledger.plays_until > rest_from:
            await self._live_through(rest_from, ledger.plays_until, closes=False)

    async def _live_through(self, starts_at: Instant, ends_at: Instant, *, closes: bool) -> None:
        """One stretch of time, step by step, at the pace of a person where one watches."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for start, end in strides(calendar_of(self._plan.timezone), starts_at, ends_at, self._stride):
            cost_micros = self._state.components.committed_micros
            self._clock.advance_to(end)
            await self._send_due(end)
            await self._settle()
            if closes:
                self.account.accrue(cost_micros, start, end)
            self._show_foot(end)
            passed = (end - starts_at) / (ends_at - starts_at)
            await self._pause(0.0 if self._quick else began_s + self._month_lasts_s() * passed - loop.time())

    async def _send_due(self, end: Instant) -> None:
        """What was paid before `end`, then the watermark that says so; return once all of it is taken."""
        while batch := self._next_batch(end):
            await self._quiescence.taken(await self._sender.send(batch))
            self._refuse_after_stop()
        await self._quiescence.taken(await self._sender.send([{"watermark": instant_text(end)}]))

    def _next_batch(self, end: Instant) -> list[Mapping[str, str]]:
        batch: list[Mapping[str, str]] = []
        while self._due and self._due[0][0] < end and len(batch) < ENTRIES_AT_ONCE_MAX:
            batch.append(entry_fields(self._due.popleft()[1]))
        return batch

    async def _settle(self) -> None:
        """Let everything have its effect; say once what cannot come to rest."""
        self._refuse_after_stop()
        unsettled = await self._quiescence.settled()
        self._speak()
        for each in sorted(unsettled - self._unsettled):
            record = self._state.components.of(each)
            self._screen.say(
                f"        {each} rests {record.state.value} and cannot go on; see solvent explain", "warning"
            )
        self._unsettled = unsettled

    def _month_lasts_s(self) -> float:
        return LASTS_S / max(MONTHS_AT_FULL_LENGTH, len(self._ledger.months))

    async def _pause(self, seconds: float) -> None:
        """Wait, unless somebody stops the demonstration."""
        self._refuse_after_stop()
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return
        self._refuse_after_stop()

    def _refuse_after_stop(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _speak(self) -> None:
        while self._heard:
            self._screen.tell(self._narrator.tell(self._heard.popleft()))

    def _show_foot(self, now: Instant) -> None:
        state, plan = self._state, self._plan
        measured, records = state.revenue.measured, state.components.records.values()
        mrr = 0 if measured is None else measured.mrr_micros
        cost = state.components.committed_micros
        hot = sum(each.state is ComponentState.HOT for each in records)
        moving = [f"{each.id} {each.state.value}" for each in records if each.state not in SETTLED]
        text = (
            f"{instant_text(now)[:10]}  MRR {money(mrr)}  level {level_text(plan, state.deciding.decided.level)}"
            f"  cost {money(cost)} ({ratio_text(cost, mrr)})  {hot} HOT  {', '.join(moving)}"
        )
        self._screen.foot(text)

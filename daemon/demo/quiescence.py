"""Waiting until everything that was sent has had its effect: then, and only then, the clock may jump."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daemon.actors.planner import NAME as PLANNER
from daemon.actors.revenue import NAME as REVENUE
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.kernel import ActorFailed, ActorRefused, AskTimeout
from daemon.messages import EntriesArrived, MonthsClosed, Reconsider
from daemon.running import PAYMENTS_STREAM, Daemon
from machines.events import Recorded
from machines.moving import wanted_states
from machines.ports.streams import START

POLL_S = 0.05
TAKEN_S_MAX = 60.0
"""Within this an entry that was sent must be in the journal."""
STILL_S_MAX = 8.0
"""A component that wants to move and records nothing for so long waits for something that the demo cannot give."""
ASK_S_MAX = 10.0


class StoppedError(Exception):
    """Somebody pressed Ctrl-C."""


class NotTakenError(Exception):
    """The daemon did not take what was sent; the message says what it waited for."""


class Quiescence:
    """Watches one daemon. `on_event` is called after each recorded event that it has waited through."""

    def __init__(self, daemon: Daemon, on_event: Callable[[], None], stop: asyncio.Event) -> None:
        """Waiting ends with `StoppedError` once `stop` is set."""
        self._daemon = daemon
        self._on_event = on_event
        self._stop = stop
        self._news = asyncio.Event()
        self._given_up: frozenset[str] = frozenset()
        daemon.recorder.listen(self._note)

    async def taken(self, entry_id: str) -> None:
        """Return once the entry of the stream `payments` is in the journal; raises `NotTakenError`."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + TAKEN_S_MAX
        while _order(self._daemon.recorder.state.cursors.get(PAYMENTS_STREAM, START)) < _order(entry_id):
            if loop.time() > until_s:
                frozen = self._daemon.recorder.state.frozen or "nothing is frozen"
                raise NotTakenError(f"the daemon did not take entry {entry_id} within {TAKEN_S_MAX:g} s ({frozen})")
            await self._next()

    async def settled(self) -> frozenset[str]:
        """Return once the actors have answered and no component moves; the components that do not stand as wanted.

        Each actor handles what it was told before it answers: revenue has measured, the planner has judged, the
        supervisor has told the components.
        """
        for actor, message in (
            (REVENUE, EntriesArrived(PAYMENTS_STREAM, ())),
            (PLANNER, MonthsClosed()),
            (SUPERVISOR, Reconsider()),
        ):
            try:
                await self._daemon.kernel.ask(actor, message, ASK_S_MAX)
            except (ActorRefused, ActorFailed, AskTimeout) as error:
                raise NotTakenError(f"the actor {actor} does not answer: {error}") from error
            self._on_event()
        loop = asyncio.get_running_loop()
        heard_s = loop.time()
        while (unsettled := self._unsettled()) and not unsettled <= self._given_up:
            if await self._next():
                heard_s = loop.time()
            elif loop.time() - heard_s > STILL_S_MAX:
                break
        self._given_up = unsettled
        return unsettled

    def _unsettled(self) -> frozenset[str]:
        """The components with an open step, or not where they are wanted."""
        state = self._daemon.recorder.state
        if state.plan is None:
            return frozenset()
        records = state.components
        wanted = wanted_states(state.plan, state)
        return frozenset(
            each for each, target in wanted.items() if records.of(each).intent or records.of(each).state is not target
        )

    async def _next(self) -> bool:
        """Wait for the next event, at most a moment; whether there was one."""
        if self._stop.is_set():
            raise StoppedError
        try:
            async with asyncio.timeout(POLL_S):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        self._on_event()
        return True

    def _note(self, recorded: Recorded) -> None:
        del recorded
        self._news.set()


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)

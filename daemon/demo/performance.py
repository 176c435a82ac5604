"""One performance of the demonstration: a real daemon in this process, and a player that feeds it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import msgspec

from config.calendar import calendar_of
from config.plan import Plan
from config.settings import Mode, Settings
from config.settings_redis import RedisReached
from daemon.assembly import accelerated_clock, payments_sender
from daemon.demo.ledger import Ledger
from daemon.demo.playing import Player
from daemon.demo.quiescence import StoppedError
from daemon.demo.screen import Screen
from daemon.demo.summary import Places, after_serving, next_steps, summary
from daemon.kernel import StopReport
from daemon.service import Serving, serve, stop_on_signals

FACTOR_WATCHED = 60.0
"""The clock's speed while a person watches: a minute a second, so that steps of seconds can be seen."""
LOG_NAME = "solvent.log"

SHOWN_WITHIN_S = 10.0
"""How long the demo waits for its last event to be published."""


class Wish(msgspec.Struct, frozen=True):
    """What was asked for."""

    plan_name: str
    overrides: tuple[str, ...]
    payments_path: str
    state_dir: str
    quick: bool
    serves: bool
    until_day: str
    """The day through which the file is complete, as `--until` takes it."""


class Performance:
    """Plays a ledger, tells the ending, and serves until somebody stops it."""

    def __init__(self, wish: Wish, plan: Plan, ledger: Ledger, screen: Screen) -> None:
        """`plan` is the one to play; see `rehearsal`."""
        self._wish = wish
        self._plan = plan
        self._ledger = ledger
        self._screen = screen
        first = calendar_of(plan.timezone).start_of(ledger.months[0])
        self._clock = accelerated_clock(first, 1.0 if wish.quick else FACTOR_WATCHED)
        self._interrupted = asyncio.Event()
        """Ctrl-C: the player ends first, so that nothing is asked of a daemon that stops."""
        self._stop = asyncio.Event()
        self._serving: asyncio.Future[Serving]

    async def run(self) -> StopReport:
        """Everything, to the daemon's clean stop. Raises what `serve` raises, `NotTakenError`, `StreamsAwayError`."""
        stop_on_signals(self._interrupted)
        self._serving = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.TaskGroup() as group:
                served = group.create_task(self._serve(), name="demo: the daemon")
                group.create_task(self._perform(), name="demo: the player")
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return served.result()

    async def _serve(self) -> StopReport:
        wish = self._wish
        settings = Settings(
            plan=wish.plan_name, state_dir=wish.state_dir, redis="embedded", http="127.0.0.1:0", mode=Mode.ACT
        )
        try:
            return await serve(
                settings, self._clock, stop=self._stop, ready=self._serving.set_result, read_plan=lambda: self._plan
            )
        finally:
            self._stop.set()
            self._serving.cancel()

    async def _perform(self) -> None:
        try:
            serving = await self._serving
            await self._play(serving)
            if self._wish.serves:
                await _shown(serving)
                self._screen.say()
                self._screen.say("Serving until Ctrl-C; the clock now runs at the speed of any other.", "title")
                await self._interrupted.wait()
        except StoppedError:
            self._screen.say("Stopped before the end of the history.", "warning")
        finally:
            self._stop.set()

    async def _play(self, serving: Serving) -> None:
        screen, loop = self._screen, asyncio.get_running_loop()
        for warning in serving.installation.warnings:
            screen.say(f"warning: {warning}", "warning")
        sender = payments_sender(RedisReached(serving.installation.redis_url), "solvent")
        player = Player(
            ledger=self._ledger,
            plan=self._plan,
            daemon=serving.daemon,
            clock=self._clock,
            sender=sender,
            screen=screen,
            stop=self._interrupted,
            quick=self._wish.quick,
        )
        began_s = loop.time()
        try:
            with screen:
                await player.play()
        finally:
            await sender.close()
        self._clock.set_factor(1.0)
        screen.tell(summary(self._ledger, self._plan, player.account, loop.time() - began_s))
        if self._wish.serves:
            screen.tell(next_steps(self._places(serving), self._plan))
        screen.tell(after_serving(self._wish.plan_name))

    def _places(self, serving: Serving) -> Places:
        wish = self._wish
        return Places(
            state_dir=wish.state_dir,
            redis_url=serving.installation.redis_url,
            http_url=serving.http_url,
            plan_name=wish.plan_name,
            overrides=wish.overrides,
            payments=wish.payments_path,
            until=wish.until_day,
        )


def last_day(ledger: Ledger, plan: Plan) -> str:
    """The last day of the last complete month, as `--until` takes it."""
    calendar = calendar_of(plan.timezone)
    last = calendar.end_of(ledger.months[-1]) - 1
    return calendar.day_of(last).isoformat()


def log_path(state_dir: str) -> Path:
    """The file that the daemon's log lines go to while the screen belongs to the demonstration."""
    return Path(state_dir) / LOG_NAME


async def _shown(serving: Serving) -> None:
    """What was decided stands in Redis before anybody is told to look; a slow server is not waited for for ever."""
    daemon = serving.daemon
    with suppress(TimeoutError):
        async with asyncio.timeout(SHOWN_WITHIN_S):
            await daemon.publication.wait_published(daemon.recorder.state.sequence)

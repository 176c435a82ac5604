"""Standing by: the journal is followed, the lead is asked for, and whoever looks is told that this one waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from config.plan import Plan
from config.settings import Settings
from daemon.kernel import Kernel, Root, pause
from daemon.leading.following import Following
from daemon.leading.held import HeldLease
from daemon.leading.hindrances import Hindrance
from daemon.leading.own_plan import OwnPlan
from daemon.leading.watching import LeaseWatch
from daemon.notify import watchdog_s
from daemon.roots.http import Http
from daemon.roots.systemd import Systemd
from daemon.spawning import actor_policy
from daemon.telemetry.attached import PageOf
from daemon.telemetry.event_log import EventLog
from daemon.telemetry.lease_samples import families_with, standby_samples
from daemon.telemetry.samples import Sample
from machines.ports.journal import Journal
from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk, LeaseView

STANDBY: Final = "standby"
QUESTION_S: Final = 3.0
"""How long the last question is waited for at the end: it takes a moment where the store answers."""
HINDRANCE_TOLD_S: Final = 10.0
"""So much longer than it asks for no lead it tells what hindered it: whoever looks why another leads must find it."""


class Taken(msgspec.Struct, frozen=True):
    """The lead, and the state that was folded while waiting for it."""

    lease: HeldLease
    following: Following | None
    http_port: int
    """Where the endpoints were; the daemon serves its own there."""


class StandingBy:
    """One wait for the lead, on a kernel of its own that ends with it."""

    def __init__(
        self,
        desk: LeaseDesk,
        candidate: Candidate,
        settings: Settings,
        *,
        open_journal: Callable[[], Awaitable[Journal]],
        page_of: PageOf,
        now_s: Callable[[], float],
        jitter: Callable[[], float],
        found_at: Callable[[str], None],
        read_plan: Callable[[], Plan],
        place_fault: Callable[[], str] = str,
    ) -> None:
        """`found_at` is told the URL of the endpoints; `place_fault` says what is amiss with the state directory."""
        self.candidate = candidate
        self.view: LeaseView | None = None
        self.away = ""
        """Why the store did not answer the last question; empty while it does."""
        self.hindrance: Hindrance | None = None
        self.following = Following(open_journal, settings.lease.poll_every_ms / 1_000)
        self.own_plan = OwnPlan(read_plan, self.following)
        self._desk = desk
        self._watch = LeaseWatch(desk, settings.lease, now_s)
        self._settings = settings
        self._page_of = page_of
        self._now_s = now_s
        self._jitter = jitter
        self._found_at = found_at
        self._place_fault = place_fault
        self._lease: HeldLease | None = None
        self._asking = asyncio.Lock()
        """Held while a question is under way."""
        self._done = asyncio.Event()
        self._port = settings.http_port
        self._log = structlog.get_logger(STANDBY)
        self._said_leader: str | None = None

    async def wait(self, stop: asyncio.Event) -> Taken | None:
        """The lead once it is this daemon's; None where a stop was asked for first."""
        kernel = Kernel(on_event=EventLog(structlog.get_logger("events")).note_kernel, jitter=self._jitter)
        policy = actor_policy(self._settings).restart

        for name, run in (
            ("following", self.following.run),
            ("lease", self._poll),
            ("systemd", self._systemd(kernel).run),
            ("http", self._http().run),
        ):
            kernel.roots.start(name, run, owner=name, policy=policy, essential=True, finishes=name == "http")
        stopped = kernel.tasks.start(_wait(stop), name="waiting for the stop", owner=STANDBY)
        done = kernel.tasks.start(_wait(self._done), name="waiting for the lead", owner=STANDBY)
        kernel.tasks.start(self.own_plan.watch(), name="comparing the plan", owner=STANDBY)
        try:
            ends: set[asyncio.Future[Any]] = {stopped, done, kernel.fatal}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for waiting in (stopped, done):
                waiting.cancel()
            if kernel.fatal.done() and self._lease is None:
                kernel.fatal.result()
        finally:
            await self._last_answer()
            await kernel.stop(ask_s=0.05, cancel_s=2)
            if self._lease is None:
                await self._leave()
        if self._lease is not None and stop.is_set():
            await self._lease.give_back()
            return None
        return None if self._lease is None else Taken(self._lease, self.following, self._port)

    def unready(self) -> Sequence[str]:
        """Why it is not ready: it stands by."""
        reasons = [STANDBY]
        if self.hindrance is not None and self._leader in ("", self.candidate.name):
            reasons.append(self.hindrance.reason)
        if self.away:
            reasons.append(f"the store of the lease does not answer: {self.away}")
        return [*reasons, *self._faults()]

    @property
    def fault(self) -> str:
        """What would keep it from leading if it were asked to now; told to whoever would promote it."""
        hindrance = self.hindrance
        told = hindrance is not None and self._now_s() < hindrance.until_s + HINDRANCE_TOLD_S
        return "; ".join((*([hindrance.reason] if hindrance is not None and told else []), *self._faults()))

    def _faults(self) -> list[str]:
        found = (self._place_fault(), self.following.away, self.following.unreadable, self.own_plan.differs)
        return [each for each in found if each]

    @property
    def status_line(self) -> str:
        """How it stands, in one line."""
        if self.away:
            return f"standing by; the store does not answer: {self.away}"
        who = f"{self._leader} leads" if self._leader else "nobody leads"
        return f"standing by; {who}; folded to event {self.following.folded_sequence}"

    # --- the roots ---

    async def _poll(self, root: Root) -> None:
        while True:
            root.beat()
            try:
                async with self._asking:
                    await self._ask()
            except LeaseAwayError as away:
                if not self.away:
                    self._log.warning("lease_away", reason=str(away))
                self.away = str(away)
            else:
                if self.away:
                    self.away = ""
                    self._log.info("lease_answers_again")
            if self._lease is not None:
                self._done.set()
                await asyncio.Event().wait()  # until this kernel is stopped, the next moment
            await pause(self._settings.lease.poll_every_ms / 1_000)

    async def _ask(self) -> None:
        """Be seen, and ask for the lead where it is free and this daemon understands the journal."""
        self.view = view = await self._desk.stand_by(self.candidate, self.following.folded_sequence, self.fault)
        self._watch.see(view)
        leader, own = self._leader, self.candidate.name
        if leader not in (self._said_leader, own):
            self._said_leader = leader
            self._log.info("standing_by", leader=leader, fencing=view.fencing, name=own)
        if not self.following.unreadable and not self._is_hindered:
            self._lease = await self._watch.take(self.candidate)
        elif leader == own:
            await self._desk.release(self.candidate, None)  # it could not be given back when the takeover failed

    @property
    def _leader(self) -> str:
        return "" if self.view is None or self.view.leader is None else self.view.leader.candidate.name

    @property
    def _is_hindered(self) -> bool:
        return self.hindrance is not None and self._now_s() < self.hindrance.until_s

    async def _last_answer(self) -> None:
        """Wait for what was asked: an answer that nobody takes would leave the lead with a daemon that ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(QUESTION_S):
                await self._asking.acquire()  # for good: nothing is asked any more

    # --- around them ---

    def _systemd(self, kernel: Kernel) -> Systemd:
        return Systemd(
            roots=kernel.roots, open_steps=tuple, status_line=lambda: self.status_line, watchdog_s=watchdog_s()
        )

    def _http(self) -> Http:
        return Http(
            host=self._settings.http_host,
            port=self._settings.http_port,
            metrics=self._page_of(lambda: families_with(self._samples())),
            health=tuple,  # it is alive and well where it answers; what it misses is said by /readyz
            ready=self.unready,
            listening=self._listening,
        )

    def _samples(self) -> Iterator[Sample]:
        return standby_samples(self.view, self._watch.left_s, self.following)

    def _listening(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self.candidate = msgspec.structs.replace(self.candidate, http=url)
        self._found_at(url)

    async def _leave(self) -> None:
        """Nobody shall wait for this one: neither as a standby, nor as a leader that was not told that it leads."""
        with suppress(LeaseAwayError):  # it is forgotten by itself
            await self._desk.release(self.candidate, None)
            await self._desk.leave(self.candidate)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()

"""Standing by: the journal is followed, the lead is asked for, and whoever looks is told that this one waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
import structlog

from config.settings import Settings
from daemon.kernel import Kernel, Root, pause
from daemon.leading.following import Following
from daemon.leading.held import HeldLease
from daemon.leading.taking import ask_for_lead
from daemon.notify import READY, WATCHDOG, notify, status, watchdog_s
from daemon.roots.http import Http
from daemon.spawning import actor_policy
from daemon.telemetry.attached import PageOf
from daemon.telemetry.event_log import EventLog
from daemon.telemetry.lease_samples import families_with, standby_samples
from machines.ports.journal import Journal
from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk, LeaseView

STANDBY: Final = "standby"


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
    ) -> None:
        """`found_at` is told the URL of the endpoints."""
        self.candidate = candidate
        self.view: LeaseView | None = None
        self.away = ""
        """Why the store did not answer the last question; empty while it does."""
        self.following = Following(open_journal, settings.lease.poll_every_ms / 1_000)
        self._desk = desk
        self._settings = settings
        self._page_of = page_of
        self._now_s = now_s
        self._jitter = jitter
        self._found_at = found_at
        self._lease: HeldLease | None = None
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
            ("systemd", self._tell_systemd),
            ("http", self._http().run),
        ):
            kernel.roots.start(name, run, owner=name, policy=policy, essential=True, finishes=name == "http")
        stopped = kernel.tasks.start(_wait(stop), name="waiting for the stop", owner=STANDBY)
        done = kernel.tasks.start(_wait(self._done), name="waiting for the lead", owner=STANDBY)
        try:
            ends: set[asyncio.Future[Any]] = {stopped, done, kernel.fatal}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for waiting in (stopped, done):
                waiting.cancel()
            if kernel.fatal.done() and self._lease is None:
                kernel.fatal.result()
        finally:
            await kernel.stop(ask_s=0.05, cancel_s=2)
            if self._lease is None:
                await self._leave()
        if self._lease is None:
            return None
        return Taken(self._lease, self.following, self._port)

    def unready(self) -> Sequence[str]:
        """Why it is not ready: it stands by."""
        reasons = [STANDBY]
        if self.away:
            reasons.append(f"the store of the lease does not answer: {self.away}")
        reasons += [each for each in (self.following.away, self.following.unreadable) if each]
        return reasons

    @property
    def status_line(self) -> str:
        """How it stands, in one line."""
        if self.away:
            return f"standing by; the store does not answer: {self.away}"
        leader = self.view.leader if self.view is not None else None
        who = "nobody leads" if leader is None else f"{leader.candidate.name} leads"
        return f"standing by; {who}; folded to event {self.following.folded_sequence}"

    # --- the roots ---

    async def _poll(self, root: Root) -> None:
        while True:
            root.beat()
            try:
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
        self.view = view = await self._desk.stand_by(self.candidate, self.following.folded_sequence)
        leader = "" if view.leader is None else view.leader.candidate.name
        if leader != self._said_leader:
            self._said_leader = leader
            self._log.info("standing_by", leader=leader, fencing=view.fencing, name=self.candidate.name)
        if view.leader is None and not self.following.unreadable:
            self._lease = await ask_for_lead(self._desk, self.candidate, self._settings.lease, self._now_s)

    async def _tell_systemd(self, root: Root) -> None:
        every_s = min(watchdog_s() or 5.0, 5.0) / 2
        notify(READY, status(self.status_line))
        while True:
            root.beat()
            notify(WATCHDOG, status(self.status_line))
            await pause(every_s)

    # --- around them ---

    def _http(self) -> Http:
        return Http(
            host=self._settings.http_host,
            port=self._settings.http_port,
            metrics=self._page_of(lambda: families_with(standby_samples(self.view, self.following))),
            health=tuple,  # it is alive and well where it answers; what it misses is said by /readyz
            ready=self.unready,
            listening=self._listening,
        )

    def _listening(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self.candidate = msgspec.structs.replace(self.candidate, http=url)
        self._found_at(url)

    async def _leave(self) -> None:
        try:
            await self._desk.leave(self.candidate)
        except LeaseAwayError:
            return  # it is forgotten by itself


async def _wait(event: asyncio.Event) -> None:
    await event.wait()

"""The lease that this daemon holds: renewed for as long as the store answers, and over by this machine's own clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import structlog

from config.settings.lease import LeaseSettings
from daemon.kernel import pause
from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk, LeaseLostError, LeaseView

RETRY_S: Final = 0.25
"""How soon a renewal that was not answered is sent again: a restart of the store may take most of the lease."""
RELEASE_S: Final = 2.0
"""How long giving the lease back may take: it runs out by itself."""


class LeadLostError(Exception):
    """This daemon leads no longer, and must end: another may have taken over. The message says why."""


class HeldLease:
    """Implements `Leadership`: it leads until its own clock says that the lease could be another's.

    Nothing is asked for that: the time counts from before the last renewal was *sent*, on a clock that also counts a
    machine's sleep, so that a process that was held still, or a loop that was blocked, finds itself not leading.
    """

    def __init__(
        self,
        desk: LeaseDesk,
        candidate: Candidate,
        fencing: int,
        *,
        settings: LeaseSettings,
        sent_at_s: float,
        now_s: Callable[[], float],
    ) -> None:
        """`sent_at_s` is when the lease was asked for, by `now_s`."""
        self.candidate = candidate
        self.serves = False
        """Whether what it led with began to serve."""
        self.lost = asyncio.Event()
        """Set once it leads no longer; `reason` says why."""
        self.reason = ""
        self.answered_again = asyncio.Event()
        """Set once the store answers after it was away; whoever looks at it then clears it."""
        self.wanted = asyncio.Event()
        """Set for good once this leader has heard that a standby is to lead; `view` says which."""
        self.view: LeaseView | None = None
        """What the last renewal showed."""
        self._desk = desk
        self._fencing = fencing
        self._settings = settings
        self._now_s = now_s
        self._until_s = self._end_of(sent_at_s)
        self._away = ""
        self._log = structlog.get_logger("lease")

    @property
    def fencing(self) -> int:
        """The fencing token."""
        return self._fencing

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

    def leads(self) -> bool:
        """Whether nobody else can have taken the lead yet."""
        return not self.lost.is_set() and self.left_s > 0

    @property
    def left_s(self) -> float:
        """Seconds until this daemon leads no longer unless a renewal is answered."""
        return self._until_s - self._now_s()

    def found_at(self, http: str) -> None:
        """It serves: the URL of this daemon's endpoints is said with the next renewal."""
        self.serves = True
        self.candidate = msgspec.structs.replace(self.candidate, http=http)

    async def keep(self) -> None:
        """Renew until the lease is lost; returns then."""
        while not self.lost.is_set():
            await pause(RETRY_S if self._away else self._settings.renew_every_s)
            await self.renew()

    async def watch(self) -> None:
        """Say that the lease is lost when its time is over, also while a renewal waits for its answer."""
        while not self.lost.is_set():
            self._end_when_over()
            await pause(max(0.01, min(self.left_s, self._settings.renew_every_s)))

    async def renew(self) -> None:
        """One renewal."""
        if self._end_when_over():
            return
        sent_at_s = self._now_s()
        try:
            view = await self._desk.renew(self.candidate, self._fencing, self._settings.ttl_s)
        except LeaseLostError as lost:
            self._lose(str(lost))
            return
        except LeaseAwayError as away:
            if not self._away:
                self._log.warning("lease_away", reason=str(away), left_s=round(self.left_s, 3))
            self._away = str(away)
            return
        if self._end_when_over():  # the answer came too late: what was promised meanwhile is not taken back
            return
        if self._away:
            self._away = ""
            self.answered_again.set()
            self._log.info("lease_answers_again", fencing=self._fencing)
        self.view, self._until_s = view, self._end_of(sent_at_s)
        if view.handing_over:
            self.wanted.set()

    def lose(self, reason: str) -> None:
        """Lead no longer, whatever the lease says."""
        self._lose(reason)

    async def give_back(self) -> None:
        """After the last write: the next one need not wait."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RELEASE_S):
                while not await self._released():
                    await pause(RETRY_S)
        self._lose("the lease was given back")

    async def _released(self) -> bool:
        try:
            await self._desk.release(self.candidate, self._fencing)
        except LeaseAwayError:
            return False
        return True

    def _end_of(self, sent_at_s: float) -> float:
        return sent_at_s + self._settings.ttl_s - self._settings.margin_s

    def _end_when_over(self) -> bool:
        """Whether it is over."""
        if not self.lost.is_set() and self.left_s <= 0:
            why = f"; the store was away: {self._away}" if self._away else ""
            held_s = self._settings.ttl_s - self._settings.margin_s
            self._lose(
                f"the lease with the fencing token {self._fencing} was not renewed for {held_s - self.left_s:.1f} s"
                f" ({held_s} s are allowed): this process was held still, or the store did not answer{why}"
            )
        return self.lost.is_set()

    def _lose(self, reason: str) -> None:
        if not self.lost.is_set():
            self.reason = reason
            self.lost.set()


@asynccontextmanager
async def kept(lease: HeldLease) -> AsyncIterator[HeldLease]:
    """Renew beside whatever the block does: opening a long journal must not cost the lease."""
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        beside = (
            group.create_task(lease.keep(), name="lease: renewing"),
            group.create_task(lease.watch(), name="lease: watching"),
        )
        try:
            yield lease
        except Exception as error:  # noqa: BLE001 - it leaves the group below as it came, not in a group of one
            failure = error
        finally:
            for task in beside:
                task.cancel()
    if failure is not None:
        raise failure

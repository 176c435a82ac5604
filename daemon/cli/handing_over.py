"""A hand-over as `solvent promote` watches it: until the standby serves, or until that is in vain, and why."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib.metadata import version
from typing import Final

import click

from daemon.cli.daemons_view import SILENT_AFTER_S
from daemon.cli.journal_starts import Starts
from machines.ports.clock import Clock
from machines.ports.lease import LeaseAwayError, LeaseDesk, LeaseView

POLL_S: Final = 0.1
FREE_S: Final = 5.0
"""So long a lead that nobody has is left to a standby that failed to take it: it tries again, or another takes it."""
WORD_S: Final = 2.0
"""So long the word of a standby that failed is waited for: it says why as soon as it stands by again."""


class InVainError(Exception):
    """The standby does not lead; the message says what happened, who leads, and what became of the wish."""


class HandOver:
    """The wish that one standby leads."""

    def __init__(self, desk: LeaseDesk, starts: Starts, name: str, clock: Clock) -> None:
        self._desk = desk
        self._starts = starts
        self._name = name
        self._clock = clock
        self._led = 0
        """The token under which it was seen to lead; 0 before."""
        self._handed_back = False
        self._free_since_s: float | None = None

    async def wish(self, wait_s: float) -> str:
        """Wish for it and wait until it serves; what to say then. Raises `InVainError` and `LeaseAwayError`.

        Where the wait is cancelled it says what became of the wish.
        """
        self._began = self._view = await self._desk.want(self._name)
        began_s, what = self._clock.monotonic_s(), ""
        try:
            while not what and self._clock.monotonic_s() < began_s + wait_s:
                await self._look()
                if self._holder == self._name and (served := await self._served()):
                    return served
                what = self._in_vain
                if not what:
                    await self._clock.sleep(POLL_S)
        except asyncio.CancelledError:
            became = await self._taken_back() or "The wish does not stand any more: see `solvent status`"
            click.echo(f"Interrupted. {became}", err=True)
            raise
        waited_s = self._clock.monotonic_s() - began_s
        said = f"{self._name} does not lead, after {waited_s:.1f} s: {what or self._late}"
        became = await self._taken_back()
        word = await self._last_word()
        raise InVainError(". ".join(each for each in (said, word, self._who, became) if each))

    async def _look(self) -> None:
        with suppress(LeaseAwayError):
            self._see(await self._desk.look())

    def _see(self, view: LeaseView) -> None:
        self._view = view
        self._handed_back = self._handed_back or view.given_back == self._began.fencing
        if self._holder == self._name:
            self._led = view.fencing
        if self._holder:
            self._free_since_s = None
        elif self._free_since_s is None:
            self._free_since_s = self._clock.monotonic_s()

    async def _served(self) -> str:
        """That it serves, in words; empty where that is not known yet."""
        leader = self._view.leader
        assert leader is not None
        shown = await self._starts.show(self._view.fencing)
        how = "has handed over" if self._handed_back else "was silent, and its lease ran out"
        text = f"{self._name} leads now, with the fencing token {self._view.fencing}; {self._before or 'nobody'} {how}"
        if shown:
            return text
        if self._starts.unreadable and leader.candidate.version != version("solvent"):
            other = f"solvent {leader.candidate.version}, can tell whether it serves"
            return f"{text}. Only its own version, {other}: {self._starts.unreadable}"
        return ""

    @property
    def _in_vain(self) -> str:
        """Why nothing is waited for any more; empty while there is hope."""
        holder, view = self._holder, self._view
        if holder == self._name:
            return ""
        if holder and (holder != self._before or view.fencing != self._began.fencing):
            return f"{self._lost}; another leads meanwhile" if self._led else "another leads meanwhile"
        if holder and view.wanted != self._name:
            return "another `solvent promote` wished otherwise" if view.wanted else "somebody took the wish back"
        free_s = 0.0 if self._free_since_s is None else self._clock.monotonic_s() - self._free_since_s
        if free_s > FREE_S and (self._led or self._amiss):
            return self._lost if self._led else f"the lead has been free for {free_s:.0f} s, and it does not take it"
        return ""

    @property
    def _late(self) -> str:
        if self._holder == self._name:
            why = f"; the journal cannot be read: {told}" if (told := self._starts.unreadable) else ""
            return f"it has the lease, with the fencing token {self._led}, and has not begun to serve{why}"
        return self._lost if self._led else "it did not take the lead in that time"

    @property
    def _lost(self) -> str:
        return f"it took the lead with the fencing token {self._led}, and lost it before it served"

    async def _last_word(self) -> str:
        """What it says, and where to look; empty where it was not asked to do anything yet."""
        if self._holder == self._before and not self._led:
            return self._amiss
        until_s = self._clock.monotonic_s() + WORD_S
        while self._holder != self._name and not self._amiss and self._clock.monotonic_s() < until_s:
            await self._clock.sleep(POLL_S)
            await self._look()
        return self._amiss or "See its log"

    @property
    def _amiss(self) -> str:
        """What is known to be amiss with it while it stands by."""
        found = next((each for each in self._view.standbys if each.candidate.name == self._name), None)
        if found is None:
            return ""
        if found.fault:
            return f"It says: {found.fault}"
        heard_s = self._view.heard_s(found)
        return f"It has not been heard of for {heard_s:.0f} s: see its log" if heard_s > SILENT_AFTER_S else ""

    @property
    def _who(self) -> str:
        leader = self._view.leader
        if leader is None:
            return "Nobody leads"
        return f"{leader.candidate.name} leads, with the fencing token {self._view.fencing}"

    @property
    def _holder(self) -> str:
        return "" if self._view.leader is None else self._view.leader.candidate.name

    @property
    def _before(self) -> str:
        return "" if self._began.leader is None else self._began.leader.candidate.name

    async def _taken_back(self) -> str:
        """Take the wish back where it still stands; what became of it, empty where it is over by itself."""
        try:
            view = await self._desk.look()
            if view.wanted == self._name and not view.handing_over:
                view = await self._desk.want("", instead_of=self._name)
                if view.wanted == "":
                    return "The wish was taken back"
        except LeaseAwayError as away:
            return f"Whether the hand-over goes on is not known: {away}; see `solvent status`"
        if view.wanted == self._name:
            stops = "is stopping" if view.leader is not None else "has stopped"
            return f"The leader {stops} already and the hand-over goes on: see `solvent status`"
        return f"{view.wanted} is wanted now" if view.wanted else ""

"""Watching the lease: what one candidate has seen of it, and since when by a clock of its own that is never stepped.

The store counts the signs of life and keeps no time (`machines.ports.lease`). Who holds the lease goes by the moment
before its last renewal was sent, who watches it by the moment after that renewal was seen: the second is never earlier,
so nobody takes the lead before the other one has stopped leading, whatever any wall clock does.
"""

from __future__ import annotations

from collections.abc import Callable

from config.settings.lease import LeaseSettings
from daemon.leading.held import HeldLease
from machines.ports.lease import WANTED_FIRST_S, Candidate, LeaseDesk, LeaseView


class LeaseWatch:
    """One wait for the lead."""

    def __init__(self, desk: LeaseDesk, settings: LeaseSettings, now_s: Callable[[], float]) -> None:
        """`now_s` goes on while this machine sleeps, and is never stepped."""
        self._desk = desk
        self._settings = settings
        self._now_s = now_s
        self._view: LeaseView | None = None
        self._since_s = 0.0

    def see(self, view: LeaseView) -> None:
        """Take in an answer of the store, right after it came."""
        if self._view is None or self._view.sign != view.sign:
            self._since_s = self._now_s()
        self._view = view

    async def take(self, candidate: Candidate) -> HeldLease | None:
        """The lead, where what was seen last allows it and nothing has changed; else None. Raises `LeaseAwayError`."""
        if self._view is None or not self._is_free_for(candidate.name, self._view):
            return None
        sent_at_s = self._now_s()
        fencing = await self._desk.acquire(candidate, self._settings.ttl_s, self._view)
        if fencing is None:
            return None
        return HeldLease(
            self._desk, candidate, fencing, settings=self._settings, sent_at_s=sent_at_s, now_s=self._now_s
        )

    @property
    def left_s(self) -> float:
        """Until the lease that was seen last has run out, unless its holder is heard of; 0 where nobody holds it."""
        if self._view is None or self._view.leader is None:
            return 0.0
        return max(0.0, self._ttl_s(self._view) - self._seen_for_s)

    @property
    def _seen_for_s(self) -> float:
        return self._now_s() - self._since_s

    def _ttl_s(self, view: LeaseView) -> float:
        """The longer one: a leader with other settings goes by its own."""
        return max(self._settings.ttl_s, view.ttl_s)

    def _is_free_for(self, name: str, view: LeaseView) -> bool:
        if view.leader is not None and view.leader.candidate.name == name:
            return True  # the answer that gave it to this candidate was lost; under a new token it is surely its own
        wait_s = 0.0 if view.leader is None else self._ttl_s(view)
        if view.wanted not in ("", name):
            wait_s += WANTED_FIRST_S
        return self._seen_for_s >= wait_s

"""The lease in memory, for simulation: every desk over one `MemoryLeaseStore` sees the same lease and one clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from config.instants import SECOND, Instant
from machines.ports.clock import Clock
from machines.ports.lease import (
    FORGOTTEN_AFTER_S,
    WANTED_FIRST_S,
    Candidate,
    LeaseLostError,
    LeaseView,
    Standing,
    lost_to,
)

Before = Callable[[str], None]
"""Called with the method's name before the store is asked; raise `LeaseAwayError` to cut a desk off."""


class MemoryLeaseStore:
    """What all daemons of one journal share: the lease and who stands by, by the clock of the store."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is the store's own: those of the candidates decide nothing."""
        self.clock = clock
        self.fencing = 0
        """The highest fencing token that was ever given: a journal on the same store refuses lower ones."""
        self.leader: Standing | None = None
        self.expires_at: Instant | None = None
        self.wanted = ""
        self.standbys: dict[str, Standing] = {}

    def view(self) -> LeaseView:
        """How it stands at this moment."""
        now = self.clock.wall()
        led = self.leader if self.expires_at is not None and self.expires_at > now else None
        forgotten = now - FORGOTTEN_AFTER_S * SECOND
        standbys = sorted(
            (each for each in self.standbys.values() if each.seen_at > forgotten), key=lambda each: each.candidate.name
        )
        return LeaseView(now, self.fencing, led, self.expires_at if led else None, tuple(standbys), self.wanted)


class MemoryLeaseDesk:
    """The `LeaseDesk` port over a `MemoryLeaseStore`."""

    def __init__(self, store: MemoryLeaseStore, before: Before | None = None) -> None:
        self._store = store
        self._before = before

    async def acquire(self, candidate: Candidate, ttl_s: float) -> int | None:
        """The next fencing token where the lead is free and nobody else is wanted first; else None."""
        await self._ask("acquire")
        store, now = self._store, self._store.clock.wall()
        ended_at = now - 1 if store.expires_at is None else store.expires_at
        if ended_at > now:
            return None
        if store.wanted not in ("", candidate.name) and ended_at > now - WANTED_FIRST_S * SECOND:
            return None
        store.fencing += 1
        store.leader, store.wanted = Standing(candidate, now, now), ""
        store.expires_at = now + round(ttl_s * SECOND)
        store.standbys.pop(candidate.name, None)
        return store.fencing

    async def renew(self, candidate: Candidate, fencing: int, ttl_s: float) -> LeaseView:
        """Keep it for another `ttl_s`; raises `LeaseLostError`."""
        await self._ask("renew")
        store = self._store
        if not self._is_holder(candidate, fencing) or store.view().leader is None:
            raise LeaseLostError(lost_to(store.view(), fencing))
        assert store.leader is not None
        now = store.clock.wall()
        store.leader = msgspec.structs.replace(store.leader, candidate=candidate, seen_at=now)
        store.expires_at = now + round(ttl_s * SECOND)
        return store.view()

    async def release(self, candidate: Candidate, fencing: int) -> None:
        """Give it back; nothing happens where it is another's."""
        await self._ask("release")
        if self._is_holder(candidate, fencing):
            self._store.leader, self._store.expires_at = None, self._store.clock.wall()

    async def stand_by(self, candidate: Candidate, folded_sequence: int) -> LeaseView:
        """Say that this candidate stands by."""
        await self._ask("stand_by")
        store, now = self._store, self._store.clock.wall()
        known = store.standbys.get(candidate.name)
        since = now if known is None else known.since
        store.standbys[candidate.name] = Standing(candidate, since, now, folded_sequence)
        return store.view()

    async def leave(self, candidate: Candidate) -> None:
        """It stands by no longer."""
        await self._ask("leave")
        self._store.standbys.pop(candidate.name, None)

    async def want(self, name: str) -> LeaseView:
        """Ask for a hand-over to this standby, or take the wish back."""
        await self._ask("want")
        self._store.wanted = name
        return self._store.view()

    async def look(self) -> LeaseView:
        """Who leads and who stands by."""
        await self._ask("look")
        return self._store.view()

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def _ask(self, method: str) -> None:
        await asyncio.sleep(0)
        if self._before is not None:
            self._before(method)

    def _is_holder(self, candidate: Candidate, fencing: int) -> bool:
        leader = self._store.leader
        return leader is not None and leader.candidate.name == candidate.name and self._store.fencing == fencing

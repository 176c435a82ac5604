"""The lease in memory, for simulation: every desk over one `MemoryLeaseStore` sees the same lease and one clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from config.instants import SECOND
from machines.ports.clock import Clock
from machines.ports.lease import (
    FORGOTTEN_AFTER_S,
    Candidate,
    LeaseLostError,
    LeaseView,
    Standing,
    fault_line,
    lost_to,
)

Before = Callable[[str], None]
"""Called with the method's name before the store is asked; raise `LeaseAwayError` to cut a desk off."""


class MemoryLeaseStore:
    """What all daemons of one journal share: the lease and who stands by."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is the store's own: it is shown, and decides nothing."""
        self.clock = clock
        self.fencing = 0
        """The highest fencing token that was ever given: a journal on the same store refuses lower ones."""
        self.leader: Standing | None = None
        self.renewals = 0
        self.ttl_s = 0.0
        self.wanted = ""
        self.handing_over = False
        self.given_back = 0
        self.standbys: dict[str, Standing] = {}

    def view(self) -> LeaseView:
        """How it stands at this moment."""
        now = self.clock.wall()
        forgotten = now - FORGOTTEN_AFTER_S * SECOND
        standbys = sorted(
            (each for each in self.standbys.values() if each.seen_at > forgotten), key=lambda each: each.candidate.name
        )
        return LeaseView(
            now=now,
            fencing=self.fencing,
            leader=self.leader,
            renewals=self.renewals,
            ttl_s=self.ttl_s,
            standbys=tuple(standbys),
            wanted=self.wanted,
            handing_over=self.handing_over,
            given_back=self.given_back,
        )


class MemoryLeaseDesk:
    """The `LeaseDesk` port over a `MemoryLeaseStore`."""

    def __init__(self, store: MemoryLeaseStore, before: Before | None = None) -> None:
        self._store = store
        self._before = before

    async def acquire(self, candidate: Candidate, ttl_s: float, seen: LeaseView) -> int | None:
        """The next fencing token where the lease is still as it was seen; else None."""
        await self._ask("acquire")
        store, now = self._store, self._store.clock.wall()
        if (store.fencing, store.renewals, store.wanted) != (*seen.sign, seen.wanted):
            return None
        store.fencing += 1
        store.renewals += 1
        store.leader, store.wanted, store.handing_over, store.ttl_s = Standing(candidate, now, now), "", False, ttl_s
        store.standbys.pop(candidate.name, None)
        return store.fencing

    async def renew(self, candidate: Candidate, fencing: int, ttl_s: float) -> LeaseView:
        """Show a sign of life; raises `LeaseLostError`."""
        await self._ask("renew")
        store = self._store
        if store.leader is None or not self._is_holder(candidate, fencing):
            raise LeaseLostError(lost_to(store.view(), fencing))
        store.leader = msgspec.structs.replace(store.leader, candidate=candidate, seen_at=store.clock.wall())
        store.renewals, store.ttl_s = store.renewals + 1, ttl_s
        store.handing_over = store.handing_over or store.wanted not in ("", candidate.name)
        return store.view()

    async def release(self, candidate: Candidate, fencing: int | None) -> None:
        """Give it back; nothing happens where it is another's."""
        await self._ask("release")
        store = self._store
        if self._is_holder(candidate, store.fencing if fencing is None else fencing):
            store.leader, store.given_back, store.renewals = None, store.fencing, store.renewals + 1

    async def stand_by(self, candidate: Candidate, folded_sequence: int, fault: str = "") -> LeaseView:
        """Say that this candidate stands by."""
        await self._ask("stand_by")
        store, now = self._store, self._store.clock.wall()
        known = store.standbys.get(candidate.name)
        since = now if known is None else known.since
        store.standbys[candidate.name] = Standing(candidate, since, now, folded_sequence, fault_line(fault))
        return store.view()

    async def leave(self, candidate: Candidate) -> None:
        """It stands by no longer."""
        await self._ask("leave")
        self._store.standbys.pop(candidate.name, None)

    async def want(self, name: str, *, instead_of: str | None = None) -> LeaseView:
        """Ask for a hand-over to this standby, or take the wish back, where none has begun."""
        await self._ask("want")
        if not self._store.handing_over and instead_of in (None, self._store.wanted):
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

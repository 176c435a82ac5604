"""A leader whose store was away looks at the journal's end, whether or not it has anything to write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from config.settings.lease import LeaseSettings
from daemon.journal_ending import EndingJournal, JournalGoneError
from daemon.leading import looking_again
from daemon.leading.held import HeldLease
from daemon.leading.looking_again import look_again
from daemon.leading.watching import LeaseWatch
from machines.events import Recorded
from machines.ports.journal import Journal, JournalDamagedError, JournalRefusedError
from machines.ports.lease import Candidate, LeaseAwayError
from tests.contracts.journal import SetClock

ME = Candidate("me/1/a")


class Ends:
    """A journal of seven events that is only read, each read with the next of these outcomes."""

    last_sequence = 7

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[tuple[int, int | None]] = []
        self.answered = asyncio.Event()

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """Nothing follows its end, where it can be read."""
        self.asked.append((after, limit))
        if outcome := self.outcomes.pop(0):
            raise outcome
        self.answered.set()
        return
        yield


class Store:
    """A store of leases that can be away."""

    def __init__(self) -> None:
        self.away = False

    async def lease(self) -> HeldLease:
        """Taken, by a clock that stands still."""
        desk = MemoryLeaseDesk(MemoryLeaseStore(SetClock()), self._refuse)
        watch = LeaseWatch(desk, LeaseSettings(), lambda: 0.0)
        watch.see(await desk.look())
        lease = await watch.take(ME)
        assert lease is not None
        return lease

    def _refuse(self, method: str) -> None:
        if self.away:
            raise LeaseAwayError(method)


async def interrupted(store: Store, lease: HeldLease) -> None:
    """One renewal that is not answered, and one that is."""
    store.away = True
    await lease.renew()
    store.away = False
    await lease.renew()


async def test_a_store_that_was_never_away_is_not_looked_at() -> None:
    """Renewals alone ask for nothing."""
    lease = await Store().lease()
    await lease.renew()

    assert not lease.answered_again.is_set()


async def test_the_end_is_read_once_the_store_answers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the last event that was acknowledged; a journal that cannot be reached yet is asked again."""
    monkeypatch.setattr(looking_again, "RETRY_S", 0)
    store = Store()
    lease, journal = await store.lease(), Ends(JournalRefusedError("not yet"), JournalRefusedError("not yet"), None)
    await interrupted(store, lease)
    task = asyncio.create_task(look_again(lease, journal))  # type: ignore[arg-type]  # it is only read
    async with asyncio.timeout(10):
        await journal.answered.wait()
    task.cancel()

    assert [(7, 1)] * 3 == journal.asked
    assert not lease.answered_again.is_set()


async def test_what_was_lost_ends_the_daemon() -> None:
    """As at a write: whoever holds the journal says so, once, and the looking ends in peace."""
    store, reasons = Store(), list[Exception]()
    lost: Journal = Ends(JournalDamagedError("ends with event 5, and 7 was acknowledged"))  # type: ignore[assignment]  # it is only read
    lease = await store.lease()
    await interrupted(store, lease)
    async with asyncio.timeout(10):
        await look_again(lease, EndingJournal(lost, reasons.append))

    assert ["ends with event 5, and 7 was acknowledged"] == [str(each) for each in reasons]
    assert isinstance(reasons[0], JournalGoneError)

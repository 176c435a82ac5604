"""When a candidate may take the lead: by what it has seen, and by its own clock alone."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from config.instants import SECOND
from config.settings.lease import LeaseSettings
from daemon.leading.held import HeldLease
from daemon.leading.watching import LeaseWatch
from machines.ports.lease import Candidate, LeaseAwayError
from tests.contracts.journal import SetClock

SETTINGS = LeaseSettings(ttl_s=6, renew_every_s=2, margin_s=1, poll_every_ms=50)
LEADER, ME, OTHER = Candidate("leader/1/a"), Candidate("me/2/b"), Candidate("other/3/c")


class Bench:
    """A store whose clock is set by hand, and the clock of the machines, which is another."""

    def __init__(self) -> None:
        self.store_clock = SetClock()
        self.store = MemoryLeaseStore(self.store_clock)
        self.desk = MemoryLeaseDesk(self.store)
        self.now_s = 0.0

    def pass_time(self, seconds: float) -> None:
        """So much later."""
        self.now_s += seconds

    def watch(self, desk: Any = None) -> LeaseWatch:
        """Another candidate's."""
        return LeaseWatch(desk or self.desk, SETTINGS, lambda: self.now_s)

    async def led(self) -> HeldLease:
        """The lead of `LEADER`, taken now."""
        watch = self.watch()
        lease = await self.asked(watch, LEADER)
        assert lease is not None
        return lease

    async def asked(self, watch: LeaseWatch, candidate: Candidate = ME, after_s: float = 0.0) -> HeldLease | None:
        """What it gets so much later: it looks, and takes what it may."""
        self.now_s += after_s
        watch.see(await self.desk.look())
        return await watch.take(candidate)


@pytest.fixture
def bench() -> Bench:
    """Nothing was taken."""
    return Bench()


async def test_a_silent_leaders_time_is_waited_out(bench: Bench) -> None:
    """A lease is taken once its sign has stayed the same for its time since it was first seen, and not earlier."""
    await bench.led()
    watch = bench.watch()
    assert await bench.asked(watch, after_s=3) is None
    assert await bench.asked(watch, after_s=5.9) is None
    lease = await bench.asked(watch, after_s=0.1)
    assert lease is not None
    assert 2 == lease.fencing


async def test_each_sign_of_life_begins_the_time_anew(bench: Bench) -> None:
    """A leader that renews keeps the lead for as long as it does."""
    lease, watch = await bench.led(), bench.watch()
    for _ in range(5):
        assert await bench.asked(watch, after_s=4) is None
        await lease.renew()
    assert lease.leads()


@pytest.mark.parametrize("step_s", [10, -60])
async def test_a_step_of_the_stores_clock_changes_nothing(bench: Bench, step_s: int) -> None:
    """Neither is the lead of a living leader taken early, nor that of a dead one late."""
    lease, watch = await bench.led(), bench.watch()
    assert await bench.asked(watch) is None
    bench.store_clock.now += step_s * SECOND
    assert await bench.asked(watch, after_s=4.9) is None
    assert lease.leads()
    assert await bench.asked(watch, after_s=1.2) is not None
    assert not lease.leads()


async def test_a_lease_counts_from_before_it_was_asked_for(bench: Bench) -> None:
    """An answer that took two seconds leaves two seconds less: the others watch it from when the store wrote it."""
    slow = MemoryLeaseDesk(bench.store, lambda _method: bench.pass_time(2))
    lease = await bench.asked(bench.watch(slow))

    assert lease is not None
    assert 3.0 == pytest.approx(lease.left_s)


async def test_what_was_given_back_is_taken_at_once(bench: Bench) -> None:
    """A clean hand-over waits for nothing."""
    lease, watch = await bench.led(), bench.watch()
    assert await bench.asked(watch) is None
    await lease.give_back()
    assert await bench.asked(watch) is not None


async def test_who_is_wanted_comes_first(bench: Bench) -> None:
    """A lead that was given back for one is left to it for a while; then it may be dead, and anybody has it."""
    lease = await bench.led()
    await bench.desk.want(OTHER.name)
    await lease.give_back()
    watch = bench.watch()
    assert await bench.asked(watch) is None
    assert await bench.asked(watch, after_s=1.9) is None
    assert await bench.asked(watch, after_s=0.1) is not None


async def test_the_wanted_one_waits_for_nothing(bench: Bench) -> None:
    """It has it as soon as it is given back."""
    lease = await bench.led()
    await bench.desk.want(ME.name)
    await lease.give_back()
    assert await bench.asked(bench.watch()) is not None


async def test_a_leader_with_a_longer_time_is_given_it(bench: Bench) -> None:
    """Daemons with different settings: the leader goes by its own time, so whoever watches it does too."""
    await bench.desk.acquire(LEADER, 20, await bench.desk.look())
    watch = bench.watch()
    assert await bench.asked(watch) is None
    assert await bench.asked(watch, after_s=19) is None
    assert await bench.asked(watch, after_s=1) is not None


async def test_a_lead_whose_answer_was_lost_is_its_own(bench: Bench) -> None:
    """The store gave the lead and nobody heard it: the candidate finds its own name, and takes it under a new token."""
    watch = bench.watch(Lossy(bench.desk))
    with pytest.raises(LeaseAwayError):
        await bench.asked(watch)
    lease = await bench.asked(watch)
    assert lease is not None
    assert 2 == lease.fencing
    assert bench.now_s == 0.0


async def test_a_restarted_process_is_not_the_one_before(bench: Bench) -> None:
    """Its name is another one, so it waits for the lease of the process that was killed."""
    await bench.led()
    watch = bench.watch()
    assert await bench.asked(watch, Candidate("leader/1/another")) is None


async def test_an_old_question_that_arrives_late_changes_nothing(bench: Bench) -> None:
    """A request that was sent on a lost connection was made for a lease that is another one by now."""
    late = await bench.desk.look()
    lease = await bench.led()
    assert await bench.desk.acquire(LEADER, 6, late) is None
    await lease.renew()
    assert lease.leads()


class Lossy:
    """A desk whose first answer to `acquire` is lost after the store has done it."""

    def __init__(self, desk: MemoryLeaseDesk) -> None:
        self._desk = desk
        self._lost = False

    async def acquire(self, *asked: Any) -> int | None:
        """As the desk, but for the first answer."""
        given = await self._desk.acquire(*asked)
        if given is not None and not self._lost:
            self._lost = True
            raise LeaseAwayError("the connection was reset while the answer was awaited")
        return given

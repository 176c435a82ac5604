"""The lease in the hands of its holder: its own clock decides when it leads no longer."""

from __future__ import annotations

import asyncio

import pytest

from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from adapters.memory_streams import MemoryServer, MemoryStreams
from config.instants import SECOND
from config.settings.lease import LeaseSettings
from daemon.leading import held
from daemon.leading.held import HeldLease, kept
from daemon.leading.streams import LedStreams
from daemon.leading.taking import LeadTakenError, take_lead
from daemon.leading.watching import LeaseWatch
from machines.ports.lease import Candidate, LeaseAwayError
from machines.ports.streams import Outgoing, StreamsAwayError
from tests.contracts.journal import SetClock

SETTINGS = LeaseSettings(ttl_s=6, renew_every_s=2, margin_s=1, poll_every_ms=50)
ME, OTHER = Candidate("me/1/a"), Candidate("other/2/b")


class Bench:
    """A store, a desk that can be cut off, and this machine's clock; both clocks move together."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.store = MemoryLeaseStore(self.clock)
        self.desk = MemoryLeaseDesk(self.store, self._refuse)
        self.now_s = 0.0
        self.away = False

    def pass_time(self, seconds: float) -> None:
        """So much later on both."""
        self.now_s += seconds
        self.clock.now += round(seconds * SECOND)

    async def lease(self) -> HeldLease:
        """Taken now."""
        watch = LeaseWatch(self.desk, SETTINGS, lambda: self.now_s)
        watch.see(await self.desk.look())
        lease = await watch.take(ME)
        assert lease is not None
        return lease

    def _refuse(self, method: str) -> None:
        if self.away:
            raise LeaseAwayError(method)


@pytest.fixture
def bench() -> Bench:
    """Nothing was taken."""
    return Bench()


async def test_it_leads_until_the_margin_before_the_end(bench: Bench) -> None:
    """Without a renewal it leads for the lease's time less the margin, and not a moment longer."""
    lease = await bench.lease()
    bench.pass_time(4.9)
    assert lease.leads()
    bench.pass_time(0.1)
    assert not lease.leads()


async def test_a_renewal_counts_from_before_it_was_sent(bench: Bench) -> None:
    """An answer that took two seconds leaves two seconds less."""
    lease = await bench.lease()
    bench.pass_time(2)
    bench.desk = MemoryLeaseDesk(bench.store, lambda _method: bench.pass_time(2))
    lease._desk = bench.desk
    await lease.renew()
    assert 3.0 == pytest.approx(lease.left_s)


async def test_a_lease_that_ran_out_is_not_asked_for_again(bench: Bench) -> None:
    """A process that was held still finds its lease over before it sends anything, and says why."""
    lease = await bench.lease()
    bench.pass_time(5.5)  # the store would renew it
    await lease.renew()
    assert lease.lost.is_set()
    assert "held still" in lease.reason
    assert not lease.leads()


async def test_an_answer_that_comes_too_late_changes_nothing(bench: Bench) -> None:
    """A renewal whose answer comes after the end does not bring the lead back: others were told that it is over."""
    lease = await bench.lease()
    lease._desk = MemoryLeaseDesk(bench.store, lambda _method: bench.pass_time(5.5))
    await lease.renew()
    assert lease.lost.is_set()
    assert not lease.leads()


async def test_a_store_that_is_away_for_a_moment_is_survived(bench: Bench) -> None:
    """One renewal that is not answered costs nothing."""
    lease = await bench.lease()
    bench.pass_time(2)
    bench.away = True
    await lease.renew()
    bench.away = False
    bench.pass_time(2)
    await lease.renew()
    assert lease.leads()
    assert 5.0 == pytest.approx(lease.left_s)


async def test_another_ones_lead_is_heard_of(bench: Bench) -> None:
    """A renewal that finds somebody else leading ends this one, with the name."""
    lease = await bench.lease()
    await bench.desk.acquire(OTHER, 6, await bench.desk.look())
    await lease.renew()
    assert OTHER.name in lease.reason


async def test_a_wish_for_another_is_heard_of(bench: Bench) -> None:
    """What an operator wants is seen with the next renewal."""
    lease = await bench.lease()
    await bench.desk.want(OTHER.name)
    await bench.desk.want("")
    await lease.renew()
    assert not lease.wanted.is_set()
    await bench.desk.want(OTHER.name)
    await lease.renew()
    assert lease.wanted.is_set()


async def test_a_hand_over_that_began_is_not_called_off(bench: Bench) -> None:
    """Once the leader has heard of the wish it stays, whatever the operator does: the leader is stopping."""
    lease = await bench.lease()
    await bench.desk.want(OTHER.name)
    await lease.renew()
    await bench.desk.want("")
    await lease.renew()
    assert lease.wanted.is_set()
    assert lease.view is not None
    assert OTHER.name == lease.view.wanted


async def test_it_is_given_back_as_soon_as_the_store_answers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is away for a moment costs nobody the time of a lease that was ended in order."""
    lease, paused = await bench.lease(), []

    async def pause(seconds: float) -> None:
        paused.append(seconds)
        bench.away = False

    monkeypatch.setattr(held, "pause", pause)
    bench.away = True
    await lease.give_back()
    assert 1 == len(paused)
    assert (await bench.desk.look()).leader is None


async def test_an_error_of_the_block_comes_out_as_it_is(bench: Bench) -> None:
    """What is raised while the lease is kept is not wrapped, and the renewing ends."""
    lease = await bench.lease()
    with pytest.raises(LookupError, match="as it is"):
        async with kept(lease):
            raise LookupError("as it is")
    assert [asyncio.current_task()] == [task for task in asyncio.all_tasks() if not task.done()]


async def test_a_leader_that_renews_is_a_refusal(bench: Bench) -> None:
    """Who does not stand by is refused as soon as the leader is heard of, not after its lease's time."""
    lease = await bench.lease()
    asked = 0

    def renew_meanwhile(method: str) -> None:
        nonlocal asked
        asked += method == "look"
        if asked == 3:
            bench.store.renewals += 1

    desk = MemoryLeaseDesk(bench.store, renew_meanwhile)
    with pytest.raises(LeadTakenError, match=ME.name):
        await take_lead(desk, OTHER, SETTINGS, lambda: bench.now_s, asyncio.Event())
    assert 3 == asked
    assert lease.leads()


async def test_who_leads_no_longer_writes_no_stream(bench: Bench) -> None:
    """Entries, hashes, trimming and the claim are refused as soon as the lease is over; reading is not."""
    lease = await bench.lease()
    streams = LedStreams(MemoryStreams(MemoryServer(bench.clock)), lease)
    assert 1 == await streams.publish("events", [Outgoing("1-1", {"a": "b"})], 10)
    bench.pass_time(5)
    with pytest.raises(StreamsAwayError, match="lease"):
        await streams.publish("events", [Outgoing("2-1", {"a": "c"})], 10)
    with pytest.raises(StreamsAwayError, match="lease"):
        await streams.write_hashes({"status": {"a": "old"}})
    with pytest.raises(StreamsAwayError, match="lease"):
        await streams.trim_before("payments", "1-1")
    newest = await streams.last_entry("events")
    assert newest is not None
    assert "1-1" == newest.id

"""What every lease desk must do. A desk's own tests subclass `LeaseContract` and give it a `harness` fixture."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest

from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk, LeaseLostError

TTL_S = 5.0
FIRST = Candidate("host-a/1/aa", "http://host-a:1", "1.0")
SECOND_ONE = Candidate("host-b/2/bb", "http://host-b:2", "1.1")
THIRD = Candidate("host-c/3/cc", "http://host-c:3", "1.1")


class LeaseHarness(ABC):
    """How the contract opens desks on one store, moves the store's time and takes the store away."""

    @abstractmethod
    async def open(self) -> LeaseDesk:
        """Another desk on the one store."""

    @abstractmethod
    async def pass_time(self, seconds: float) -> None:
        """So much later by the store's clock."""

    @abstractmethod
    async def cut_off(self) -> None:
        """From now on the store answers nobody."""


class LeaseContract:
    """The facts; each test is one."""

    async def test_a_free_lead_is_taken(self, harness: LeaseHarness) -> None:
        """The first who asks leads, with the token 1, and is shown as the leader."""
        desk = await harness.open()
        assert await desk.acquire(FIRST, TTL_S) == 1
        view = await desk.look()
        assert view.leader is not None
        assert (view.leader.candidate, view.fencing) == (FIRST, 1)
        assert view.expires_at is not None
        assert 0 < view.expires_at - view.now <= TTL_S * 1_000_000

    async def test_nobody_leads_at_first(self, harness: LeaseHarness) -> None:
        """Before anybody asked, nobody leads, nobody stands by and no token was given."""
        view = await (await harness.open()).look()
        assert (view.leader, view.expires_at, view.standbys, view.fencing, view.wanted) == (None, None, (), 0, "")

    async def test_a_held_lead_is_not_taken(self, harness: LeaseHarness) -> None:
        """While one leads, another gets nothing, and neither does the leader a second time."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        assert await (await harness.open()).acquire(SECOND_ONE, TTL_S) is None
        assert await desk.acquire(FIRST, TTL_S) is None
        assert (await desk.look()).fencing == 1

    async def test_a_lease_that_ran_out_is_anybodys(self, harness: LeaseHarness) -> None:
        """A lease that is not renewed ends after its time, and the next one has a higher token."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await harness.pass_time(TTL_S)
        assert (await desk.look()).leader is None
        assert await desk.acquire(SECOND_ONE, TTL_S) == 2

    async def test_renewing_keeps_it(self, harness: LeaseHarness) -> None:
        """A renewal counts its time anew, so that nobody else leads meanwhile."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        for _ in range(3):
            await harness.pass_time(TTL_S - 1)
            view = await desk.renew(FIRST, 1, TTL_S)
        assert view.leader is not None
        assert view.leader.candidate == FIRST
        assert view.leader.since < view.leader.seen_at
        assert await desk.acquire(SECOND_ONE, TTL_S) is None

    async def test_another_ones_lease_is_not_renewed(self, harness: LeaseHarness) -> None:
        """Who lost the lead is told who has it."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await harness.pass_time(TTL_S)
        await desk.acquire(SECOND_ONE, TTL_S)
        with pytest.raises(LeaseLostError, match=SECOND_ONE.name):
            await desk.renew(FIRST, 1, TTL_S)

    async def test_a_lease_that_ran_out_is_not_renewed(self, harness: LeaseHarness) -> None:
        """What ran out is over even where nobody took it: its holder may have been held still for any time."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await harness.pass_time(TTL_S)
        with pytest.raises(LeaseLostError, match="ran out"):
            await desk.renew(FIRST, 1, TTL_S)

    async def test_an_old_token_renews_nothing(self, harness: LeaseHarness) -> None:
        """The name alone keeps no lease: the token must be that of this lease."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await desk.release(FIRST, 1)
        await desk.acquire(FIRST, TTL_S)
        with pytest.raises(LeaseLostError):
            await desk.renew(FIRST, 1, TTL_S)

    async def test_what_is_given_back_is_free_at_once(self, harness: LeaseHarness) -> None:
        """After a release the next candidate leads without waiting."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await desk.release(FIRST, 1)
        assert (await desk.look()).leader is None
        assert await desk.acquire(SECOND_ONE, TTL_S) == 2

    async def test_another_ones_lease_is_not_given_back(self, harness: LeaseHarness) -> None:
        """A release of who lost the lead changes nothing."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await desk.release(FIRST, 1)
        await desk.acquire(SECOND_ONE, TTL_S)
        await desk.release(FIRST, 1)
        await desk.release(SECOND_ONE, 1)
        assert (await desk.renew(SECOND_ONE, 2, TTL_S)).leader is not None

    async def test_standbys_are_shown(self, harness: LeaseHarness) -> None:
        """Each standby is shown with how far it has read and since when it stands by; who leaves is not."""
        desk = await harness.open()
        await desk.stand_by(SECOND_ONE, 3)
        await harness.pass_time(1)
        await desk.stand_by(SECOND_ONE, 7)
        view = await desk.stand_by(THIRD, 0)
        assert [(each.candidate, each.folded_sequence) for each in view.standbys] == [(SECOND_ONE, 7), (THIRD, 0)]
        assert view.standbys[0].since < view.standbys[0].seen_at
        await desk.leave(SECOND_ONE)
        assert [each.candidate for each in (await desk.look()).standbys] == [THIRD]

    async def test_a_silent_standby_is_forgotten(self, harness: LeaseHarness) -> None:
        """A standby that was not heard of for long is not shown any more."""
        desk = await harness.open()
        await desk.stand_by(SECOND_ONE, 3)
        await harness.pass_time(601)
        assert (await desk.look()).standbys == ()

    async def test_who_leads_stands_by_no_longer(self, harness: LeaseHarness) -> None:
        """A standby that takes the lead is not among the standbys."""
        desk = await harness.open()
        await desk.stand_by(SECOND_ONE, 3)
        await desk.acquire(SECOND_ONE, TTL_S)
        assert (await desk.look()).standbys == ()

    async def test_a_wish_takes_nothing_from_the_leader(self, harness: LeaseHarness) -> None:
        """The leader sees the wish when it renews; until it gives the lead back, it leads."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        assert (await desk.want(SECOND_ONE.name)).wanted == SECOND_ONE.name
        assert await desk.acquire(SECOND_ONE, TTL_S) is None
        assert (await desk.renew(FIRST, 1, TTL_S)).wanted == SECOND_ONE.name

    async def test_who_is_wanted_comes_first(self, harness: LeaseHarness) -> None:
        """A lead that is given back is kept for the standby that is wanted; with it the wish is fulfilled."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await desk.want(SECOND_ONE.name)
        await desk.release(FIRST, 1)
        assert await desk.acquire(THIRD, TTL_S) is None
        assert await desk.acquire(SECOND_ONE, TTL_S) == 2
        assert (await desk.look()).wanted == ""

    async def test_nobody_waits_for_a_dead_one(self, harness: LeaseHarness) -> None:
        """A wanted standby that does not take the lead leaves it to the others after a while."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await desk.want(SECOND_ONE.name)
        await desk.release(FIRST, 1)
        await harness.pass_time(3)
        assert await desk.acquire(THIRD, TTL_S) == 2

    async def test_a_wish_is_taken_back(self, harness: LeaseHarness) -> None:
        """Without a wish a free lead is anybody's."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await desk.want(SECOND_ONE.name)
        await desk.want("")
        await desk.release(FIRST, 1)
        assert await desk.acquire(THIRD, TTL_S) == 2

    async def test_a_store_that_is_away_is_said(self, harness: LeaseHarness) -> None:
        """Every question to a store that does not answer raises `LeaseAwayError`, in bounded time."""
        desk = await harness.open()
        await desk.acquire(FIRST, TTL_S)
        await harness.cut_off()
        with pytest.raises(LeaseAwayError):
            await desk.acquire(SECOND_ONE, TTL_S)
        with pytest.raises(LeaseAwayError):
            await desk.renew(FIRST, 1, TTL_S)
        with pytest.raises(LeaseAwayError):
            await desk.release(FIRST, 1)
        with pytest.raises(LeaseAwayError):
            await desk.stand_by(SECOND_ONE, 0)
        with pytest.raises(LeaseAwayError):
            await desk.leave(SECOND_ONE)
        with pytest.raises(LeaseAwayError):
            await desk.want("")
        with pytest.raises(LeaseAwayError):
            await desk.look()

"""What every lease desk must do. A desk's own tests subclass `LeaseContract` and give it a `harness` fixture."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest

from machines.ports.lease import FAULT_CHARACTERS_MAX, Candidate, LeaseAwayError, LeaseDesk, LeaseLostError, LeaseView

TTL_S = 5.0
FIRST = Candidate("host-a/1/aa", "http://host-a:1", "1.0")
SECOND_ONE = Candidate("host-b/2/bb", "http://host-b:2", "1.1")
THIRD = Candidate("host-c/3/cc", "http://host-c:3", "1.1")


async def take(desk: LeaseDesk, candidate: Candidate, seen: LeaseView | None = None) -> int | None:
    """Take what was seen, or whatever is there."""
    return await desk.acquire(candidate, TTL_S, seen or await desk.look())


class LeaseHarness(ABC):
    """How the contract opens desks on one store, moves the store's clock and takes the store away."""

    @abstractmethod
    async def open(self) -> LeaseDesk:
        """Another desk on the one store."""

    @abstractmethod
    async def pass_time(self, seconds: float) -> None:
        """So much later by the store's clock, or earlier."""

    @abstractmethod
    async def cut_off(self) -> None:
        """From now on the store answers nobody."""


class LeaseContract:
    """The facts; each test is one."""

    async def test_a_free_lead_is_taken(self, harness: LeaseHarness) -> None:
        """The first who asks leads, with the token 1, and is shown as the leader."""
        desk = await harness.open()
        assert await take(desk, FIRST) == 1
        view = await desk.look()
        assert view.leader is not None
        assert (view.leader.candidate, view.fencing, view.ttl_s) == (FIRST, 1, TTL_S)

    async def test_nobody_leads_at_first(self, harness: LeaseHarness) -> None:
        """Before anybody asked, nobody leads, nobody stands by and no token was given."""
        view = await (await harness.open()).look()
        assert (view.leader, view.standbys, view.fencing, view.wanted, view.given_back) == (None, (), 0, "", 0)

    async def test_what_another_took_is_not_taken(self, harness: LeaseHarness) -> None:
        """Of two that saw the lead free, one gets it; what was asked under an older view comes too late."""
        desk = await harness.open()
        free = await desk.look()
        assert await take(desk, FIRST, free) == 1
        assert await take(await harness.open(), SECOND_ONE, free) is None
        assert await take(desk, FIRST, free) is None
        assert (await desk.look()).fencing == 1

    async def test_a_lease_without_another_sign_is_anybodys(self, harness: LeaseHarness) -> None:
        """A lease whose sign has not changed is taken, by whatever clock that was judged; its token is higher."""
        desk = await harness.open()
        await take(desk, FIRST)
        seen = await desk.look()
        assert seen.sign == (await desk.look()).sign
        assert await take(desk, SECOND_ONE, seen) == 2

    async def test_each_renewal_is_another_sign(self, harness: LeaseHarness) -> None:
        """Who saw the lease before its renewal takes nothing, and sees that the leader lives."""
        desk = await harness.open()
        await take(desk, FIRST)
        seen = await desk.look()
        await harness.pass_time(1)
        view = await desk.renew(FIRST, 1, TTL_S + 1)
        assert view.leader is not None
        assert (view.leader.candidate, view.ttl_s) == (FIRST, TTL_S + 1)
        assert view.leader.since < view.leader.seen_at
        assert view.sign != seen.sign
        assert await take(desk, SECOND_ONE, seen) is None

    async def test_giving_back_is_another_sign(self, harness: LeaseHarness) -> None:
        """Who saw the lease held takes nothing of what was given back since: that is another lease."""
        desk = await harness.open()
        await take(desk, FIRST)
        seen = await desk.look()
        await desk.release(FIRST, 1)
        assert await take(desk, SECOND_ONE, seen) is None

    async def test_the_stores_clock_decides_nothing(self, harness: LeaseHarness) -> None:
        """However far it goes, the lease is held, shown with its last word, and renewed."""
        desk = await harness.open()
        await take(desk, FIRST)
        await harness.pass_time(TTL_S * 10)
        view = await desk.look()
        assert view.leader is not None
        assert view.live_leader is None
        assert round(view.heard_s(view.leader)) == TTL_S * 10
        assert (await desk.renew(FIRST, 1, TTL_S)).live_leader is not None

    async def test_a_clock_that_was_set_back_shows_nobody_as_heard(self, harness: LeaseHarness) -> None:
        """A word that is still to come by the store's clock was said before that was set back: so far it is silent."""
        desk = await harness.open()
        await take(desk, FIRST)
        await harness.pass_time(-60)
        view = await desk.look()
        assert view.leader is not None
        assert round(view.heard_s(view.leader)) == 60
        assert view.live_leader is None

    async def test_another_ones_lease_is_not_renewed(self, harness: LeaseHarness) -> None:
        """Who lost the lead is told who has it."""
        desk = await harness.open()
        await take(desk, FIRST)
        await take(desk, SECOND_ONE)
        with pytest.raises(LeaseLostError, match=SECOND_ONE.name):
            await desk.renew(FIRST, 1, TTL_S)

    async def test_an_old_token_renews_nothing(self, harness: LeaseHarness) -> None:
        """The name alone keeps no lease: the token must be that of this lease."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.release(FIRST, 1)
        await take(desk, FIRST)
        with pytest.raises(LeaseLostError):
            await desk.renew(FIRST, 1, TTL_S)

    async def test_what_is_given_back_is_free_at_once(self, harness: LeaseHarness) -> None:
        """After a release the next candidate leads without waiting."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.release(FIRST, 1)
        view = await desk.look()
        assert (view.leader, view.given_back) == (None, 1)
        assert await take(desk, SECOND_ONE) == 2

    async def test_who_was_not_told_gives_back_all_the_same(self, harness: LeaseHarness) -> None:
        """A candidate whose answer was lost gives back under its name alone, and nothing of anybody else's."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.release(SECOND_ONE, None)
        assert (await desk.look()).leader is not None
        await desk.release(FIRST, None)
        assert (await desk.look()).leader is None

    async def test_another_ones_lease_is_not_given_back(self, harness: LeaseHarness) -> None:
        """A release of who lost the lead changes nothing."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.release(FIRST, 1)
        await take(desk, SECOND_ONE)
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

    async def test_what_is_amiss_with_a_standby_is_shown(self, harness: LeaseHarness) -> None:
        """Its fault is shown beside its version, in one line that a terminal can show, until it says none any more."""
        desk = await harness.open()
        await desk.stand_by(SECOND_ONE, 3, "it cannot read;\nthe file \0\x1b[2J \udcff is gone")
        (shown,) = (await (await harness.open()).look()).standbys
        assert (SECOND_ONE, "it cannot read; the file \\x00\\x1b[2J \\udcff is gone") == (shown.candidate, shown.fault)
        (shown,) = (await desk.stand_by(SECOND_ONE, 3)).standbys
        assert (SECOND_ONE, "") == (shown.candidate, shown.fault)

    async def test_a_long_fault_is_cut(self, harness: LeaseHarness) -> None:
        """However long it is, so much is kept of it, and the cut is seen."""
        (shown,) = (await (await harness.open()).stand_by(SECOND_ONE, 3, "x" * 100_000)).standbys
        assert "x" * (FAULT_CHARACTERS_MAX - 1) + "…" == shown.fault

    async def test_who_leads_has_left_its_fault_behind(self, harness: LeaseHarness) -> None:
        """What was amiss while it stood by is not shown as the version of the leader."""
        desk = await harness.open()
        await desk.stand_by(SECOND_ONE, 3, "it cannot read")
        await take(desk, SECOND_ONE)
        leader = (await desk.look()).leader
        assert leader is not None
        assert (SECOND_ONE, "") == (leader.candidate, leader.fault)

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
        await take(desk, SECOND_ONE)
        assert (await desk.look()).standbys == ()

    async def test_a_wish_takes_nothing_from_the_leader(self, harness: LeaseHarness) -> None:
        """The leader sees the wish when it renews; until it gives the lead back, it leads."""
        desk = await harness.open()
        await take(desk, FIRST)
        wish = await desk.want(SECOND_ONE.name)
        assert (wish.wanted, wish.handing_over, wish.leader is not None) == (SECOND_ONE.name, False, True)
        heard = await desk.renew(FIRST, 1, TTL_S)
        assert (heard.wanted, heard.handing_over, heard.leader is not None) == (SECOND_ONE.name, True, True)

    async def test_a_wish_for_the_leader_is_none(self, harness: LeaseHarness) -> None:
        """A leader that is wanted itself hands nothing over."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.want(FIRST.name)
        assert not (await desk.renew(FIRST, 1, TTL_S)).handing_over

    async def test_a_wish_that_was_not_seen_is_in_the_way(self, harness: LeaseHarness) -> None:
        """Who saw the lead free before somebody else was wanted takes nothing."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.release(FIRST, 1)
        seen = await desk.look()
        await desk.want(SECOND_ONE.name)
        assert await take(desk, THIRD, seen) is None
        assert await take(desk, SECOND_ONE) == 2

    async def test_a_fulfilled_wish_is_gone(self, harness: LeaseHarness) -> None:
        """Whoever leads next has heard of no wish."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.want(SECOND_ONE.name)
        await desk.renew(FIRST, 1, TTL_S)
        await desk.release(FIRST, 1)
        assert await take(desk, SECOND_ONE) == 2
        view = await desk.renew(SECOND_ONE, 2, TTL_S)
        assert (view.wanted, view.handing_over) == ("", False)

    async def test_a_wish_is_taken_back(self, harness: LeaseHarness) -> None:
        """Until the leader has heard of it; from then on it stays as it is, for the leader stops."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.want(SECOND_ONE.name)
        assert (await desk.want("")).wanted == ""
        assert not (await desk.renew(FIRST, 1, TTL_S)).handing_over
        await desk.want(SECOND_ONE.name)
        await desk.renew(FIRST, 1, TTL_S)
        assert (await desk.want("")).wanted == SECOND_ONE.name
        assert (await desk.want(THIRD.name)).wanted == SECOND_ONE.name
        await desk.release(FIRST, 1)
        assert (await desk.want("")).wanted == SECOND_ONE.name

    async def test_a_wish_is_changed_only_where_it_is_that_one(self, harness: LeaseHarness) -> None:
        """Two who wish at once: the end of the one takes nothing from the other."""
        desk = await harness.open()
        await take(desk, FIRST)
        await desk.want(SECOND_ONE.name)
        assert (await desk.want("", instead_of=THIRD.name)).wanted == SECOND_ONE.name
        assert (await desk.want(THIRD.name, instead_of=SECOND_ONE.name)).wanted == THIRD.name
        assert (await desk.want("", instead_of=THIRD.name)).wanted == ""

    async def test_a_store_that_is_away_is_said(self, harness: LeaseHarness) -> None:
        """Every question to a store that does not answer raises `LeaseAwayError`, in bounded time."""
        desk = await harness.open()
        await take(desk, FIRST)
        seen = await desk.look()
        await harness.cut_off()
        with pytest.raises(LeaseAwayError):
            await take(desk, SECOND_ONE, seen)
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

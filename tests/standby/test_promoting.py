"""Handing the lead over on purpose: `solvent promote`, and an upgrade of both machines one after the other."""

from __future__ import annotations

import pytest

from tests.processes.redis_place import keys_of
from tests.processes.waiting import until
from tests.standby.pair import Pair, ended_at, says, wait_standing_by

pytestmark = pytest.mark.xdist_group("standby")


async def test_a_rolling_upgrade_is_a_walk_of_two_hand_overs(pair: Pair) -> None:
    """The new one stands by and is promoted; the old one stands by and takes the lead again."""
    with pair.daemon("old", standby=True) as old:
        until(lambda: says(old, "daemon_ready"), "the first to lead: nobody else is there")
        with pair.daemon("new", standby=True) as new:
            wait_standing_by(new)
            code, said = pair.command("promote", state="old")
            assert (0, True) == (code, "leads now, with the fencing token 2" in said), said
            until(lambda: says(new, "daemon_ready"), "the new one to serve")
            until(lambda: len(pair.daemons("new")["standbys"]) == 1, "the old one to stand by")
            shown = pair.daemons("old")
            assert (2, 0) == (shown["fencing"], shown["standbys"][0]["behind_events"])
            assert ended_at(old) is None
            code, said = pair.command("promote", state="new")
            assert 0 == code, said
            assert [1, 2, 3] == await pair.journal.leads()


async def test_a_hand_over_that_began_goes_on(pair: Pair) -> None:
    """A leader that has heard of the wish and is stopping hands over, says so, and stands by, though time is up."""
    begun = pair.shop.hold("activate", "web")
    with (
        keys_of(pair.redis.url) as keys,
        pair.daemon("old", standby=True) as old,
        pair.daemon("new", standby=True) as new,
    ):
        wait_standing_by(new)
        keys.payment("paid", "2024-01-10", "250.00")
        keys.watermark("2024-02-01")
        until(begun.exists, "a step that goes on")
        code, said = pair.command("promote", "--wait-s", "3", state="new")
        assert (1, True) == (code, "the hand-over goes on" in said), said
        assert not says(new, "lead_taken")
        pair.shop.release("activate", "web")
        until(lambda: says(new, "daemon_ready"), "the new one to serve")
        wait_standing_by(old)
        assert ended_at(old) is None
        assert [1, 2] == await pair.journal.leads()


async def test_a_standby_that_reports_a_fault_is_refused(pair: Pair) -> None:
    """Its state directory is gone: nothing is asked of the leader, and `solvent status` shows what is amiss."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        place = pair.folder / "second"
        place.rename(pair.folder / "aside")
        place.write_text("a file")
        fault = until(lambda: pair.daemons("first")["standbys"][0]["fault"], "the standby to say so")
        assert f"the state directory {place} is no directory" == fault
        assert f"it cannot take over: {fault}" in pair.command("status", state="first")[1]
        code, said = pair.command("promote", state="first")
        assert (2, True) == (code, f"cannot take over now, it says: {fault}" in said), said
        assert "" == pair.journal.execute("SELECT wanted FROM lease")[0][0]
        assert ended_at(first) is None
        place.unlink()
        (pair.folder / "aside").rename(place)
        until(lambda: pair.daemons("first")["standbys"][0]["fault"] is None, "the standby to be well again")


async def test_a_takeover_that_fails_is_no_success(pair: Pair) -> None:
    """What nobody could know before: the standby has the lease for a moment, and the command says who leads instead."""
    with pair.daemon("first", standby=True) as first, pair.daemon("second", standby=True) as second:
        until(lambda: says(first, "daemon_ready") or says(second, "daemon_ready"), "one of them to lead")
        leader, heir = ("first", second) if says(first, "daemon_ready") else ("second", first)
        wait_standing_by(heir)
        (pair.folder / ("second" if heir is second else "first") / "journal.sqlite").touch()
        code, said = pair.command("promote", state=leader)
        assert (1, True) == (code, "lost it before it served" in said or "another leads meanwhile" in said), said
        assert "the lead could not be taken over the last time" in said
        assert says(heir, "takeover_failed")
        assert "leads now" not in said


async def test_what_cannot_take_over_is_refused(pair: Pair) -> None:
    """Without a standby, with an unknown name and with a silent standby nothing is asked of the leader."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        assert 2 == pair.command("promote", "--to", "nobody", state="first")[0]
        second.kill()
        pair.journal.execute("UPDATE daemons SET seen_at = seen_at - interval '1 minute'")
        code, said = pair.command("promote", state="first")
        assert (2, True) == (code, "no such standby is heard of" in said), said
        pair.journal.execute("DELETE FROM daemons")
        code, said = pair.command("promote", state="first")
        assert (3, True) == (code, "nobody stands by" in said), said
        assert "" == pair.journal.execute("SELECT wanted FROM lease")[0][0]
        assert ended_at(first) is None

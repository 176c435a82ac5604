"""Longer walks of two and three real daemons: `make standby` runs them, for they take a minute and a half."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.processes.waiting import until
from tests.standby.pair import Pair, ended_at, says, wait_standing_by

pytestmark = pytest.mark.xdist_group("standby")


async def test_skewed_clocks_decide_nothing(pair: Pair) -> None:
    """A standby whose clock is a day ahead takes nothing from a living leader."""
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    with pair.daemon("first") as first, pair.daemon("second", "--as-of", tomorrow, standby=True) as second:
        wait_standing_by(second)
        seen_at = pair.journal.execute("SELECT seen_at FROM lease")[0][0]
        until(lambda: pair.journal.execute("SELECT seen_at FROM lease")[0][0] > seen_at, "a renewal")
        assert not says(second, "lead_taken")
        assert [1] == await pair.journal.leads()
        assert 0 == second.stop()
        assert 0 == first.stop()


async def test_of_two_standbys_one_leads(pair: Pair) -> None:
    """When the leader dies, exactly one of two standbys takes the lead, and the other goes on standing by."""
    with (
        pair.daemon("first") as first,
        pair.daemon("second", standby=True) as second,
        pair.daemon("third", standby=True) as third,
    ):
        for each in (second, third):
            wait_standing_by(each)
        first.kill()
        pair.journal.wait_for_lead(after=1)
        until(lambda: says(second, "daemon_ready") or says(third, "daemon_ready"), "one of them to serve")
        shown = until(lambda: (seen := pair.daemons("second"))["standbys"] and seen, "the other to be seen")
        assert 1 == sum(says(each, "lead_taken") for each in (second, third))
        assert 2 == shown["fencing"]
        assert 1 == len(shown["standbys"])
        assert [1, 2] == await pair.journal.leads()


async def test_a_restart_of_postgresql_is_survived(pair: Pair) -> None:
    """A restart that is shorter than the lease changes nothing about who leads."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        pair.server.stop()
        pair.server.start()
        seen_at = pair.journal.execute("SELECT seen_at FROM lease")[0][0]
        until(lambda: pair.journal.execute("SELECT seen_at FROM lease")[0][0] > seen_at, "a renewal after it")
        assert ended_at(first) is None
        assert ended_at(second) is None
        assert 1 == pair.journal.execute("SELECT fencing FROM lease")[0][0]


async def test_without_standby_a_dead_leaders_time_is_waited_out(pair: Pair) -> None:
    """A daemon that was killed and is started again leads as soon as its predecessor's lease has run out."""
    with pair.daemon("first") as first:
        first.kill()
        first.start()
        assert [1, 2] == await pair.journal.leads()
        assert 0 == first.stop()


def test_a_standby_needs_no_redis(pair: Pair) -> None:
    """While standing by Redis may be away: the endpoints answer, and the leader is followed."""
    with pair.daemon("first") as first:
        pair.redis.kill()
        with pair.daemon("second", standby=True) as second:
            wait_standing_by(second)
            until(lambda: pair.daemons("first")["standbys"][0]["behind_events"] == 0, "the standby to catch up")
            assert 0 == second.stop()
        assert 0 == first.stop()


def test_a_standby_ends_when_told(pair: Pair) -> None:
    """SIGTERM while standing by ends it with exit code 0, and nobody sees it any more."""
    with pair.daemon("first"), pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        assert 0 == second.stop()
        assert [] == pair.daemons("first")["standbys"]


async def test_a_leader_without_standby_setting_ends_in_order(pair: Pair) -> None:
    """A leader that may not stand by hands over and ends with exit code 0."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        code, said = pair.command("promote", "--to", pair.daemons("second")["standbys"][0]["name"], state="second")
        assert 0 == code, said
        assert 0 == first.wait()


async def test_a_hand_over_from_a_frozen_leader_is_called_what_it_was(pair: Pair) -> None:
    """Where the leader's lease ran out, `solvent promote` does not say that it handed over."""
    longer = {"SOLVENT_LEASE__TTL_S": "12"}  # than the command takes to begin on a busy machine
    with pair.daemon("first", **longer) as first, pair.daemon("second", standby=True, **longer) as second:
        wait_standing_by(second)
        os.kill(first.pid, signal.SIGSTOP)
        code, said = pair.command("promote", state="second")
        os.kill(first.pid, signal.SIGCONT)
        assert (0, True) == (code, "its lease ran out" in said), said


async def test_a_wish_that_is_not_fulfilled_is_taken_back(pair: Pair) -> None:
    """A leader that does not hear of it in time goes on leading, and no wish is left behind."""
    with pair.daemon("first", SOLVENT_LEASE__TTL_S="60", SOLVENT_LEASE__RENEW_EVERY_S="20") as first:
        pair.journal.execute(
            "INSERT INTO daemons SELECT 'a-machine/1/x', '', '9', now, now + interval '3 seconds', 1000000"
            " FROM clock_timestamp() AS now"
        )
        code, said = pair.command("promote", "--wait-s", "1", state="first")
        assert (1, True) == (code, "The wish was taken back" in said), said
        assert "" == pair.journal.execute("SELECT wanted FROM lease")[0][0]
        assert ended_at(first) is None

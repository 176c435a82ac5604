"""Two real daemons on one journal: killed, stopped, held still and cut off, one leads and the other takes over."""

from __future__ import annotations

import os
import signal
import time

import pytest

from machines.events import Started
from tests.processes.waiting import until
from tests.standby.pair import Pair, says, wait_standing_by
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.xdist_group("standby")
TAKEOVER_MAX_S = 10.0


async def test_the_standby_takes_over_from_a_killed_leader(pair: Pair) -> None:
    """Within ten seconds after a SIGKILL the standby has recorded its start under the next fencing token."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        first.kill()
        killed_at = time.time_ns() // 1_000
        until(lambda: says(second, "daemon_ready"), "the standby to serve")
        starts = [each for each in await pair.journal.recorded() if isinstance(each.event, Started)]
        assert [1, 2] == [each.event.fencing for each in starts if isinstance(each.event, Started)]
        assert starts[1].recorded_at - killed_at < TAKEOVER_MAX_S * 1_000_000
        assert 0 == second.stop()


async def test_a_clean_stop_hands_over_at_once(pair: Pair) -> None:
    """After SIGTERM the leader's last word comes first, and the standby does not wait for the lease to run out."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        began_s = time.monotonic()
        assert 0 == first.stop()
        until(lambda: says(second, "lead_taken"), "the standby to lead")
        took_s = time.monotonic() - began_s
        until(lambda: says(second, "daemon_ready"), "the standby to serve")
        assert says(first, "lead_handed_over")
        assert [1, 2] == await pair.journal.leads()
        assert took_s < 3.0, "a lease of four seconds was waited for"  # the time of the lease itself


async def test_a_leader_that_was_held_still_ends_by_itself(pair: Pair) -> None:
    """A leader that wakes after its lease writes nothing any more, and ends with exit code 1 and the reason."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        os.kill(first.pid, signal.SIGSTOP)
        until(lambda: says(second, "daemon_ready"), "the standby to serve")
        before = await pair.journal.recorded()
        os.kill(first.pid, signal.SIGCONT)
        assert 1 == first.wait()
        assert "it leads no longer" in first.log
        assert says(first, "lead_lost")
        after = await pair.journal.recorded()
        assert before == after[: len(before)]
        assert [1, 2] == await pair.journal.leads()


async def test_a_leader_that_is_cut_off_ends_before_the_standby_acts(pair: Pair) -> None:
    """Without PostgreSQL the leader stops leading by its own clock, before the lease can be another's."""
    with TcpProxy(pair.server.port) as proxy:
        first, second = pair.daemon("first", proxy=proxy), pair.daemon("second", standby=True)
        with first, second:
            wait_standing_by(second)
            proxy.cut()
            until(lambda: says(first, "lead_lost"), "the leader to say that it lost the lead")
            assert 1 == first.wait()
            until(lambda: says(second, "daemon_ready"), "the standby to serve")
            lost_at = logged_at(first.log, "lead_lost")
            assert lost_at < logged_at(second.log, "lead_taken")
            assert [1, 2] == await pair.journal.leads()


def logged_at(log: str, event: str) -> str:
    """When an event was logged; one machine's clock writes both logs."""
    line = next(line for line in log.splitlines() if f'"event":"{event}"' in line)
    return line.split('"timestamp":"', 1)[1].split('"', 1)[0]


def test_without_standby_a_living_leader_is_a_refusal(pair: Pair) -> None:
    """A second daemon without --standby is refused, with the leader's name and what to do."""
    with pair.daemon("first"):
        code, said = pair.daemon("second").refusal()
    assert 2 == code
    assert "--standby" in said
    assert "leads on this journal" in said

"""Two real daemons on one journal: killed, stopped, held still and cut off, one leads and the other takes over."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from config.instants import SECOND
from machines.events import CursorMoved, PaymentsRecorded, RevenueMeasured, SourceHeard, Started
from tests.processes.daemon_process import DaemonProcess
from tests.processes.redis_place import keys_of
from tests.processes.waiting import until
from tests.standby.pair import QUICK_LEASE, Pair, says, wait_standing_by
from tests.standby.takeovers import logged
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.xdist_group("standby")
TAKEOVER_MAX_S = 10.0
NOT_TOLD = (CursorMoved, RevenueMeasured, SourceHeard)
"""Events of which no log has a line."""
TTL = "SOLVENT_LEASE__TTL_S"


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
    """After SIGTERM the leader gives its lease back, and the standby does not wait for it to run out.

    How soon that is, `python -m tests.standby.takeovers --clean 20` measures and holds to the promised second.
    """
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        assert 0 == first.stop()
        until(lambda: says(second, "lead_taken"), "the standby to lead")
        until(lambda: says(second, "daemon_ready"), "the standby to serve")
        assert says(first, "lead_handed_over")
        assert [1, 2] == await pair.journal.leads()
        assert [(1,)] == pair.journal.execute("SELECT given_back FROM lease")
        assert logged(second, "lead_taken") - logged(first, "lead_handed_over") < int(QUICK_LEASE[TTL]) * SECOND


async def test_a_leader_that_was_held_still_ends_by_itself(pair: Pair) -> None:
    """A leader that wakes after its lease writes nothing any more, and ends with exit code 1 and the reason."""
    with pair.daemon("first") as first, pair.daemon("second", standby=True) as second:
        wait_standing_by(second)
        os.kill(first.pid, signal.SIGSTOP)
        until(lambda: says(second, "daemon_ready"), "the standby to serve")
        started = [each for each in await pair.journal.recorded() if isinstance(each.event, Started)][-1]
        with keys_of(pair.redis.url) as keys:
            keys.payment("meanwhile", "2024-01-10", "1.00")  # something to write, for both
        os.kill(first.pid, signal.SIGCONT)
        assert 1 == first.wait()
        assert "it leads no longer" in first.log
        assert says(first, "lead_lost")
        until(lambda: says(second, "payments_recorded"), "the payment to be counted")
        assert 0 == second.stop()
        after = await pair.journal.recorded(after=started.sequence - 1)
        told = {each for each in sequences_told(second) if each >= started.sequence}
        assert told == {each.sequence for each in after if not isinstance(each.event, NOT_TOLD)}
        assert [] == [each for each in sequences_told(first) if each >= started.sequence]
        assert [1] == [len(each.counted) for each in await pair.journal.events(PaymentsRecorded)]
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


def sequences_told(daemon: DaemonProcess) -> list[int]:
    """The numbers of the events that its log tells, as the one who wrote them."""
    told = (json.loads(line) for line in daemon.log.splitlines() if line.startswith("{"))
    return [line["sequence"] for line in told if "sequence" in line]


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

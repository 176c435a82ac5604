"""PostgreSQL fails over to a replica: what was acknowledged is there, or the daemon says that it is not and waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from machines.events import PauseSet
from tests.faults.postgres.bench import Bench, Cluster, said
from tests.faults.seeing import in_the_long_run
from tests.postgres_server import postgres_server, replica
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.standby.pair import PostgresFile, says
from tests.tcp_proxy import TcpProxy

pytestmark = pytest.mark.xdist_group("postgres-faults")
WRITER = "application_name LIKE 'solvent journal%'"


def test_a_synchronous_replica_loses_nothing(tmp_path: Path, redis_server: RedisServer) -> None:
    """The primary dies while payments stream, the replica is promoted: the daemons follow, nothing is lost or twice."""
    with postgres_server() as primary, replica(primary) as copy:
        primary.configure("synchronous_standby_names", "replica")
        bench = Bench(tmp_path, Cluster(primary, copy), redis_server, "sync")
        with bench.running(), bench.paying() as stream:
            bench.wait_taken(10)
            primary.kill()
            copy.promote()
            at_the_fail_over = len(stream.sent)
            until(lambda: len(stream.sent) > at_the_fail_over + 20, "payments after it")
            stream.ending.set()
            bench.hold(stream.sent)
            assert [] == said(bench.leader, "journal_lost")
            bench.pair.journal.wait_for_lead()


@pytest.mark.parametrize("idle", [True, pytest.param(False, marks=in_the_long_run)])
def test_an_asynchronous_replica_that_lagged_is_told_of(idle: bool, tmp_path: Path, redis_server: RedisServer) -> None:
    """Acknowledged events that the replica never had are missed, at once: the leader ends, the next one is paused."""
    with (
        postgres_server() as primary,
        TcpProxy(primary.port) as stream_of_wal,
        replica(primary, port=stream_of_wal.port) as copy,
    ):
        bench = Bench(tmp_path, Cluster(primary, copy), redis_server, "lagging")
        with bench.running(SOLVENT_LEASE__TTL_S="20"), bench.keys() as keys:
            keys.payment("kept", "2024-01-10", "1.00")
            bench.wait_taken(1)
            primary.configure("synchronous_standby_names", "")
            end = bench.last_sequence()
            until(lambda: _replayed(copy) >= end, "the replica to have it")
            stream_of_wal.hold()
            keys.payment("lost", "2024-01-11", "1.00")
            bench.wait_taken(2)
            lost = bench.last_sequence()
            until(lambda: keys.published_sequences()[-1] >= lost, "it to be published")
            primary.kill()
            stream_of_wal.cut()
            copy.promote()
            assert bench.last_sequence() < lost
            if not idle:
                keys.payment("next", "2024-01-12", "1.00")
            assert 1 == bench.leader.wait()
            assert "was acknowledged" in bench.leader.log
            assert 1 == len(said(bench.leader, "journal_lost"))
            until(lambda: says(bench.standby, "daemon_ready"), "the standby to lead")
            paused = until(lambda: asyncio.run(bench.pair.journal.events(PauseSet)), "it to pause by itself")
            assert ["the journal is behind what was published"] == [each.reason.partition(":")[0] for each in paused]
            assert f"event {lost} was published" in paused[0].reason


def _replayed(copy: object) -> int:
    return int(copy.execute("SELECT max(sequence) FROM lagging.events")[0][0] or 0)


@in_the_long_run
def test_the_old_primary_that_comes_back_leads_nobody(tmp_path: Path, redis_server: RedisServer) -> None:
    """Two primaries: a daemon that is led to the old one ends, for it misses events; one that starts there pauses."""
    with postgres_server() as primary, replica(primary) as copy:
        primary.configure("synchronous_standby_names", "replica")
        bench = Bench(tmp_path, Cluster(primary, copy), redis_server, "split")
        with bench.running(SOLVENT_LEASE__TTL_S="20"), bench.keys() as keys:
            keys.payment("before", "2024-01-10", "1.00")
            bench.wait_taken(1)
            primary.kill()
            copy.promote()
            keys.payment("after", "2024-01-11", "1.00")
            bench.wait_taken(2)
            until(lambda: keys.published_sequences()[-1] == bench.last_sequence(), "it to be published")
            primary.start()  # nobody told it
            primary.configure("synchronous_standby_names", "")
            copy.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {WRITER}")
            keys.payment("between", "2024-01-12", "1.00")
            assert 1 == bench.leader.wait()
            assert "acknowledged" in bench.leader.log
            primary.execute("UPDATE split.lease SET holder = ''")  # as if its time were over, without waiting for it
            bench.leader.start(ready=False)
            old = PostgresFile(primary.url, "split")
            paused = until(lambda: asyncio.run(old.events(PauseSet)), "it to pause by itself")
            assert "the journal is behind what was published" in paused[0].reason

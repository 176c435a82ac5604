"""Faults that outlast the lease or end a daemon: nobody leads meanwhile, and afterwards one does, or says why not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.disks import fill, tmpfs
from tests.faults.postgres.bench import Bench, asked
from tests.faults.seeing import in_the_long_run
from tests.postgres_server import postgres_server
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.standby.pair import ended_at, says

pytestmark = [pytest.mark.xdist_group("postgres-faults-longer"), in_the_long_run]
KNOWN = "knows the journal"
OURS = "application_name LIKE 'solvent %'"


def test_an_outage_that_outlasts_the_lease(tmp_path: Path, redis_server: RedisServer) -> None:
    """The leader ends, the standby waits; once the server is back it leads, and what was paid is counted once."""
    with postgres_server() as server:
        bench = Bench(tmp_path, server, redis_server, "outage")
        with bench.running(), bench.paying() as stream:
            bench.wait_taken(5)
            server.kill()
            assert 1 == bench.leader.wait()
            assert says(bench.leader, "lead_lost")
            assert 200 == asked(bench.standby, "/healthz")[0]
            assert not says(bench.standby, "lead_taken")
            server.start()
            until(lambda: says(bench.standby, "daemon_ready"), "the standby to serve")
            stream.ending.set()
            bench.hold(stream.sent)
            assert 2 == bench.fencing()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own, which the unprivileged account may reach; pytest's folders it may not."""
    with tempfile.TemporaryDirectory(prefix="small-disk-") as folder:
        Path(folder).chmod(0o755)
        with tmpfs(Path(folder) / "disk", "size=128m,mode=755") as disk:
            yield disk


def test_a_full_disk_of_the_server(tmp_path: Path, redis_server: RedisServer, small_disk: Path) -> None:
    """The leader says that the disk of PostgreSQL is full, keeps the lead, and goes on when there is room."""
    with postgres_server(below=small_disk) as server:
        bench = Bench(tmp_path, server, redis_server, "full")
        with bench.running(SOLVENT_LEASE__TTL_S="60", SOLVENT_LEASE__RENEW_EVERY_S="1"), bench.paying() as stream:
            bench.wait_taken(5)
            fill(small_disk / "ballast")
            until(lambda: "No space left on device" in asked(bench.leader, "/readyz", 10)[1], "the leader to say why")
            (small_disk / "ballast").unlink()
            until(lambda: asked(bench.leader, "/readyz", 10)[0] == 200, "the leader to be ready again")
            stream.ending.set()
            bench.hold(stream.sent)
            assert None is ended_at(bench.leader)
            assert 1 == bench.fencing()


def test_a_changed_password(tmp_path: Path, redis_server: RedisServer) -> None:
    """Connections that are there live on; without them the leader ends, both say why, and no log holds a password."""
    with postgres_server() as server:
        server.execute("CREATE ROLE solvent LOGIN PASSWORD 'geheim'")
        server.execute("GRANT CREATE ON DATABASE postgres TO solvent")
        server.demand_password("solvent")
        bench = Bench(tmp_path, server, redis_server, "password")
        url = f"postgresql://solvent:geheim@127.0.0.1:{server.port}/postgres"
        with bench.running(TEST_JOURNAL_URL=url), bench.keys() as keys:
            server.execute("ALTER ROLE solvent PASSWORD 'neu'")
            keys.payment("still", "2024-01-10", "1.00")
            bench.wait_taken(1)
            server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")
            assert 1 == bench.leader.wait()
            assert "password authentication failed" in bench.leader.log
            assert "password authentication failed" in asked(bench.standby, "/readyz")[1]
            server.execute("ALTER ROLE solvent PASSWORD 'geheim'")
            until(lambda: says(bench.standby, "daemon_ready"), "the standby to serve")
            assert "geheim" not in bench.leader.log + bench.standby.log


def test_a_dropped_schema(tmp_path: Path, redis_server: RedisServer) -> None:
    """The leader ends and says so; nobody leads on an empty journal in place of the one that the directory knows."""
    with postgres_server() as server:
        bench = Bench(tmp_path, server, redis_server, "dropped")
        with bench.running(), bench.keys() as keys:
            bench.wait_taken(0)
            server.execute("DROP SCHEMA dropped CASCADE")
            keys.payment("next", "2024-01-10", "1.00")
            assert 1 == bench.leader.wait()
            assert "dropped" in bench.leader.log
            until(lambda: KNOWN in asked(bench.standby, "/readyz", 10)[1], "the standby to say why it does not lead")
            assert None is ended_at(bench.standby)
            assert [(None,)] == bench.pair.journal.execute("SELECT to_regclass('lease')"), "tables were made anew"

"""A primary that dies under the running daemon: it goes on at the new one, with nothing lost and nothing doubled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from machines.events import CursorMoved, FreezeChanged
from tests.faults.redis.bench import AWAY, QUICK, Books
from tests.faults.redis.sentinel_set import RedisNode, SentinelSet
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, keys_of
from tests.processes.waiting import until

LONG = os.environ.get("TEST_FAULTS") == "all"


@contextmanager
def keys_on(node: RedisNode) -> Iterator[Keys]:
    """The keys as they are on this server."""
    with keys_of(f"redis://127.0.0.1:{node.port}") as keys:
        yield keys


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[SentinelSet]:
    """Two servers; three sentinels in the long run, else one."""
    servers = SentinelSet(tmp_path / "servers", sentinels=3 if LONG else 1)
    try:
        servers.start()
        yield servers
    finally:
        servers.end()


@pytest.fixture
def daemon(servers: SentinelSet, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that finds its Redis through the sentinels."""
    shop = FileShop(tmp_path / "shop")
    with DaemonProcess(tmp_path / "state", shop.plan_path, servers.url, settings=QUICK) as daemon:
        yield daemon


def freezes(daemon: DaemonProcess) -> list[tuple[str, bool]]:
    """Every freeze that was said, and every end of one."""
    return [(event.key, event.frozen) for event in daemon.journal.events(FreezeChanged)]


def test_the_daemon_goes_on_at_the_new_primary(servers: SentinelSet, daemon: DaemonProcess) -> None:
    """What the replica never got is published again; nothing is counted or carried out twice, nothing waits for people.

    The entries that were read and lost are in the journal. The hashes that the replica lacks are written again.
    """
    books = Books(daemon)
    with keys_on(servers.first) as keys:
        books.pay(keys, 5)
        books.command(keys)
        books.hold(keys)
        servers.cut_replication()
        books.pay(keys, 3)
        books.command(keys)
        books.hold(keys)
        servers.second.ask("CONFIG", "SET", "replica-read-only", "no")
        servers.second.ask("DEL", keys.key("status"), keys.key("level"))
    servers.first.end()
    servers.fail_over()
    with keys_on(servers.second) as keys:
        books.pay(keys, 2)
        until(lambda: (AWAY, False) in freezes(daemon), "the thaw")
        books.pay(keys, 2)
        books.command(keys)
        books.hold(keys)
        shown = until(lambda: keys.hash("status"), "the state to be shown again")

    moved = [event.stream for event in daemon.journal.events(CursorMoved)]
    assert [(AWAY, True), (AWAY, False)] == freezes(daemon)
    assert ["commands", "payments"] == sorted(set(moved))
    assert daemon.journal.identity() == shown["journal_id"]
    assert f'"redis":"{servers.url}"'.encode() in (daemon.state_directory / "run.json").read_bytes()


@pytest.mark.skipif(not LONG, reason="make faults: a minute of fail-overs")
def test_ten_fail_overs_in_a_row(servers: SentinelSet, daemon: DaemonProcess) -> None:
    """Killed in turn, each comes back as the other's replica; the books hold after each."""
    books = Books(daemon)
    for _ in range(10):
        primary = servers.primary()
        with keys_on(primary) as keys:
            books.pay(keys, 20)
            books.command(keys)
            until(books.taken, "what was sent to be read before the primary dies")
        primary.end()
        until(lambda dead=primary: servers.primary() is not dead, "the fail-over")  # type: ignore[misc]
        with keys_on(servers.primary()) as keys:
            until(lambda: servers.primary().ask("ROLE")[0] == "master", "the new primary")
            books.pay(keys, 5)
            books.hold(keys)
        primary.start("--replicaof", "127.0.0.1", str(servers.primary().port))
        until(lambda: "online" in str(servers.primary().ask("INFO", "replication")), "the replica to follow")

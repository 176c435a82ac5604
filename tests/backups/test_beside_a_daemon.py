"""Backups beside a real daemon that counts payments, and that daemon on what was taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.redis_server import EmbeddedRedisError
from config.settings import BackupSettings
from machines.events import JournalRestored, Started
from tests.backups.places import backed_up, events_of, taken_back, ticking, verified
from tests.conftest import NO_REAL_SERVER
from tests.processes.daemon_process import DaemonProcess
from tests.processes.redis_place import Keys, RedisServer, keys_of, payment_fields
from tests.processes.waiting import until

PAYMENTS = 2_000
BACKUPS = 4


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real server."""
    server = RedisServer(tmp_path / "redis-server")
    try:
        server.start()
    except EmbeddedRedisError as error:
        if "No Redis was found" in str(error):
            pytest.skip(NO_REAL_SERVER)
        raise
    yield server
    server.stop()


def send(keys: Keys, first: int, last: int) -> None:
    """Payments of these numbers, as quickly as Redis takes them."""
    with keys.client.pipeline(transaction=False) as pipeline:
        for number in range(first, last):
            pipeline.xadd(keys.key("payments"), payment_fields(f"p{number}", "2024-01-10", "1.00"))
        pipeline.execute()


def test_backups_under_load_and_the_daemon_after_a_restore(tmp_path: Path, redis_server: RedisServer) -> None:
    """Each backup is a whole prefix of the journal; the daemon that goes on with one is paused and counts the rest."""
    state_dir, backups = tmp_path / "state", tmp_path / "backups"
    with (
        DaemonProcess(
            state_dir, "starter", redis_server.url, settings={"SOLVENT_PAYMENTS__READ_ENTRIES_MAX": "50"}
        ) as daemon,
        keys_of(redis_server.url) as keys,
    ):
        made, now = [], ticking()  # one clock: two backups at the same event have two names
        for part in range(BACKUPS):
            send(keys, part * PAYMENTS // BACKUPS, (part + 1) * PAYMENTS // BACKUPS)
            made.append(backed_up(state_dir, backups, BackupSettings(), now).manifest)
        until(lambda: len(daemon.journal.counted()) == PAYMENTS, "all payments to be counted")
        daemon.stop()
        hashes = {each.sequence: each.hash.hex() for each in events_of(state_dir / "journal.sqlite")}

        assert [hashes[each.last_sequence] for each in made] == [each.last_hash for each in made]
        assert verified(state_dir / "journal.sqlite").whole

        restored = taken_back(state_dir, backups, backup=made[1].name, replace=True)
        counted_then = len(daemon.journal.counted())
        assert counted_then < PAYMENTS
        daemon.start()
        send(keys, 0, PAYMENTS)
        until(lambda: len(daemon.journal.counted()) == PAYMENTS, "the payments since to be counted again")
        daemon.stop()

    state = daemon.journal.state()
    assert state.operators.pause is not None
    assert "restored from backup" in state.operators.pause.reason
    assert 1 == len(daemon.journal.events(JournalRestored))
    assert 1 == len(daemon.journal.events(Started, after=restored.last_sequence))
    assert PAYMENTS == len({each.payment_id for each in daemon.journal.counted()})
    assert verified(state_dir / "journal.sqlite").findings == ()

"""A real daemon goes on with its journal in PostgreSQL, and back on the file: it makes nothing twice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from adapters.redis_server import EmbeddedRedisError
from tests.backups.places import events_of, verified
from tests.conftest import NO_REAL_SERVER
from tests.postgres_server import PostgresServer, postgres_server
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

pytestmark = pytest.mark.xdist_group("daemon_moved")
SCHEMA: Final = {"SOLVENT_JOURNAL__URL": "env:TEST_JOURNAL_URL"}


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of the test's own."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    running = RedisServer(tmp_path / "redis-server")
    try:
        running.start()
    except EmbeddedRedisError as error:
        if "No Redis was found" in str(error):
            pytest.skip(NO_REAL_SERVER)
        raise
    try:
        yield running
    finally:
        running.stop()


def moved(state_dir: Path, server: PostgresServer, to: str) -> tuple[int, str]:
    """`solvent move-journal` as it is typed."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SOLVENT_")}
    words = [PROGRAM, "move-journal", "--to", to, "--state-dir", str(state_dir)]
    environment = {**kept, **SCHEMA, "TEST_JOURNAL_URL": server.url}
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


def test_a_daemon_goes_on_where_its_journal_went(server: PostgresServer, redis: RedisServer, tmp_path: Path) -> None:
    """Refused while it runs; after a clean stop there and back at once; each thing was made once."""
    shop, state_dir = FileShop(tmp_path / "shop"), tmp_path / "state"
    on_file = DaemonProcess(state_dir, shop.plan_path, redis.url, "--act")
    with on_file:
        until(lambda: '"to_state":"HOT"' in on_file.log, "the component to stand")
        held = moved(state_dir, server, "postgresql")
        assert 0 == on_file.stop()
    made = shop.calls()
    there = moved(state_dir, server, "postgresql")
    settings = {**SCHEMA, "TEST_JOURNAL_URL": server.url}
    in_postgres = DaemonProcess(state_dir, shop.plan_path, redis.url, "--act", settings=settings)
    with in_postgres:
        assert 0 == in_postgres.stop()
    back = moved(state_dir, server, "sqlite")
    with on_file:
        assert 0 == on_file.stop()

    assert (2, True) == (held[0], "is held by pid" in held[1])
    assert (0, 0) == (there[0], back[0]), there[1] + back[1]
    assert made == shop.calls()
    names = [type(each.event).__name__ for each in events_of(state_dir / "journal.sqlite")]
    assert ["Started", "JournalMoved"] * 2 + ["Started"] == [
        name for name in names if name in {"Started", "JournalMoved"}
    ]
    assert (3, ()) == (
        verified(state_dir / "journal.sqlite").epoch,
        verified(state_dir / "journal.sqlite").findings,
    )

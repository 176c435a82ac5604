"""Snapshots that cannot be written: nobody who records pays for it, and it is tried again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.machines import Machine
from tests.faults.seeing import lines
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

OFTEN = {"SOLVENT_JOURNAL__SNAPSHOT_EVERY_EVENTS": "100"}


def test_a_snapshot_that_is_refused_is_said_and_costs_nobody_anything(
    redis_server: RedisServer, shop: FileShop, keys: Keys, machine: Machine, tmp_path: Path
) -> None:
    """Every command is answered once, no actor fails; once there is room a snapshot is kept, a tenth later at most."""
    place = (tmp_path / "state", shop.plan_path, redis_server.url)

    def pin(count: int) -> None:
        for number in range(count):
            keys.command("pin", component="search", state="COLD", reason=f"{number}")

    with DaemonProcess(*place, "--act", settings=OFTEN, wrapper=machine.wrapper) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        with machine.refused("write_snapshot"):
            pin(80)
            until(lambda: len(keys.entries("replies")) == 80, "every reply")
            until(lambda: lines(daemon, "snapshot_refused"), "the refusal to be said")
        pin(20)
        until(lambda: len(keys.entries("replies")) == 100, "every other reply")
        with closing(sqlite3.connect(daemon.journal.path)) as connection:
            (kept,) = connection.execute("SELECT count(*) FROM snapshots").fetchone()

        assert kept >= 1
        assert [] == lines(daemon, "task_failed") + lines(daemon, "task_restarting")
        assert 0 == daemon.stop()

"""Disks that fail under the real daemon, while it runs and while it starts: it waits, or says why it cannot start."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.disks import Ext4, ext4, fill, tmpfs
from tests.faults.seeing import is_refusing, lines, stays
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import at_level, earn, rise
from tests.processes.pages import page
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

QUIET_S = 1.5
LOCK_S = {"SOLVENT_JOURNAL__BUSY_TIMEOUT_MS": "100"}


@pytest.fixture
def bad_disk(tmp_path: Path) -> Iterator[Ext4]:
    """A disk that works until it is told not to."""
    with ext4(tmp_path / "disk") as disk:
        yield disk


def exhausted(empty: list[Path]) -> bool:
    """Make as many of the files as there are inodes; whether one was missing."""
    with contextlib.suppress(OSError):
        for each in empty:
            each.touch()
        return False
    return True


def done(daemon: DaemonProcess, shop: FileShop) -> tuple[int, list[str]]:
    """What is recorded and what was carried out."""
    return daemon.journal.last_sequence(), shop.calls()


def test_input_output_errors_are_waited_out(
    redis_server: RedisServer, shop: FileShop, keys: Keys, bad_disk: Ext4
) -> None:
    """The disk answers EIO: nothing is acknowledged or done; it works again: everything is done, once."""
    with DaemonProcess(bad_disk.directory, shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        bad_disk.begin_errors()
        for number in range(400):  # more than the blocks hold that were written before
            keys.payment(f"w{number}", "2024-01-05", "0.01", customer_id="x" * 100)
        until(lambda: is_refusing(daemon), "the alarm")
        earn(keys, 1, "250.00")
        assert stays(lambda: done(daemon, shop), QUIET_S)

        bad_disk.end_errors()
        until(lambda: at_level(daemon, 1), "level 1 to stand")

        assert 401 == len({payment.payment_id for payment in daemon.journal.counted()})
        assert 401 == len(daemon.journal.counted())
        assert 0 == daemon.stop()
        assert daemon.journal.is_whole()


def test_a_file_system_that_falls_read_only_is_said_and_a_restart_goes_on(
    redis_server: RedisServer, shop: FileShop, keys: Keys, bad_disk: Ext4, tmp_path: Path
) -> None:
    """The kernel takes the writing away: the alarm, no act, a stop in time; what is on disk is resumed."""
    with DaemonProcess(bad_disk.directory, shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        bad_disk.fall_read_only()
        earn(keys, 1, "250.00")
        until(lambda: is_refusing(daemon), "the alarm")
        assert 1 == len(lines(daemon, "journal_refuses"))
        assert stays(shop.calls, QUIET_S)
        assert daemon.stop() in (0, 2)
        assert "Traceback" not in daemon.log
    mended = tmp_path / "mended"
    shutil.copytree(bad_disk.directory, mended, ignore=shutil.ignore_patterns("lost+found"))  # the next disk

    with DaemonProcess(mended, shop.plan_path, redis_server.url) as daemon:
        until(lambda: at_level(daemon, 1), "level 1 to stand")
        assert ["p1"] == [payment.payment_id for payment in daemon.journal.counted()]


def test_a_person_who_holds_the_journal_is_waited_for(
    redis_server: RedisServer, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """`BEGIN EXCLUSIVE` in a SQLite shell for longer than the busy timeout: refused meanwhile, done afterwards."""
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=LOCK_S) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        with closing(sqlite3.connect(daemon.journal.path, isolation_level=None)) as person:
            person.execute("BEGIN EXCLUSIVE")
            earn(keys, 1, "250.00")
            until(lambda: is_refusing(daemon), "the alarm")
            assert "database is locked" in page(daemon, "/readyz")[1]
            assert stays(lambda: done(daemon, shop), QUIET_S)
            person.execute("ROLLBACK")

        until(lambda: at_level(daemon, 1), "level 1 to stand")
        assert 1 == len(lines(daemon, "journal_refuses"))


def test_without_inodes_no_script_is_started_and_the_daemon_goes_on_with_them(
    redis_server: RedisServer, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """A script whose words could go nowhere is not run: tried again, and run once when there is an inode."""
    disk = tmpfs(tmp_path / "disk", "size=16m,nr_inodes=64,mode=700")
    with disk as directory, DaemonProcess(directory, shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        empty = [directory / f"empty{number}" for number in range(64)]
        until(lambda: exhausted(empty) and "no room" in daemon.log, "a look that could not be taken")
        earn(keys, 1, "250.00")
        until(lambda: daemon.journal.decided() == 1, "the decision")
        assert stays(shop.calls, QUIET_S)
        for each in empty:
            each.unlink(missing_ok=True)

        until(lambda: at_level(daemon, 1), "level 1 to stand")
        assert 1 == shop.calls().count("warm.database")


def test_a_start_without_room_says_so_and_succeeds_with_room(
    redis_server: RedisServer, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """Killed, and the disk filled up: exit 2 and a sentence; with room all that was acknowledged is there."""
    disk = tmpfs(tmp_path / "disk", "size=4m,mode=700")
    with disk as directory, DaemonProcess(directory, shop.plan_path, redis_server.url, "--act") as daemon:
        rise(daemon, keys)
        before = daemon.journal.last_sequence()
        daemon.kill()
        fill(directory / "ballast")
        code, said = daemon.refusal()
        assert 2 == code
        assert "No space left" in said or "disk is full" in said
        assert "Traceback" not in said
        (directory / "ballast").unlink()
        daemon.start()
        assert daemon.journal.last_sequence() >= before
        assert ["p1"] == [payment.payment_id for payment in daemon.journal.counted()]


def test_a_start_on_a_read_only_file_system_is_refused(
    redis_server: RedisServer, shop: FileShop, tmp_path: Path
) -> None:
    """Exit 2 and the file system's own word."""
    with tmpfs(tmp_path / "disk", "size=4m,mode=700") as directory:
        subprocess.run(["mount", "-o", "remount,ro", str(directory)], capture_output=True, timeout=30, check=True)

        code, said = DaemonProcess(directory, shop.plan_path, redis_server.url).refusal()

    assert 2 == code
    assert "Read-only file system" in said
    assert "Traceback" not in said


def test_a_page_that_went_bad_between_two_lives_is_refused_with_its_place(running: DaemonProcess) -> None:
    """Exit 2, the event and the last good one by number; the file is not changed."""
    assert 0 == running.stop()
    content = bytearray(running.journal.path.read_bytes())
    at = content.index(b'"plan":') + 40
    content[at : at + 8] = b"\xa5" * 8
    running.journal.path.write_bytes(content)

    code, said = running.refusal()

    assert 2 == code
    assert "is damaged: event " in said
    assert "Restore the newest backup" in said
    assert "Traceback" not in said
    assert bytes(content) == running.journal.path.read_bytes()

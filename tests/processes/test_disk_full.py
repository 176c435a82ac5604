"""A disk without room under the real daemon: no acknowledgement, no act, an alarm, and recovery without a restart."""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from daemon.cli.status import status_command
from machines.events import StepEnded
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, at_level, earn
from tests.processes.pages import page
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

TMPFS_BYTES = 4 * 1024 * 1024
QUIET_S = 2.0
"""How long nothing may happen: twice the pause between two attempts of the daemon."""


class Disk:
    """The place of a state directory, which can be filled and freed under a running daemon."""

    def __init__(
        self,
        directory: Path,
        fill: Callable[[DaemonProcess], None],
        free: Callable[[DaemonProcess], None],
    ) -> None:
        """`fill` and `free` are told the daemon that writes there."""
        self.directory = directory
        self.fill = fill
        self.free = free


@contextlib.contextmanager
def small_disk(directory: Path) -> Iterator[Disk]:
    """A file system of four megabytes in memory; skips the test where none can be mounted."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES},mode=700", "solvent-test", str(directory)]
    try:
        subprocess.run(mount, capture_output=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("mounting a small tmpfs needs root; the other way to run out of room is tested without it")
    ballast = directory / "ballast"

    def fill(_daemon: DaemonProcess) -> None:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4_096)
        assert 0 == shutil.disk_usage(directory).free

    def free(_daemon: DaemonProcess) -> None:
        ballast.unlink()

    try:
        yield Disk(directory, fill, free)
    finally:
        subprocess.run(["umount", "-l", str(directory)], capture_output=True, timeout=30, check=True)


@contextlib.contextmanager
def limited_files(directory: Path) -> Iterator[Disk]:
    """No file of the daemon may grow beyond its journal's log: what a quota does, and needs no root."""
    directory.mkdir()
    if not hasattr(resource, "prlimit"):
        pytest.skip("another process's limits can be set on Linux only")

    def limit(daemon: DaemonProcess, size_bytes: int) -> None:
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (size_bytes, hard))

    def fill(daemon: DaemonProcess) -> None:
        limit(daemon, daemon.journal.path.with_name(f"{daemon.journal.path.name}-wal").stat().st_size)

    def free(daemon: DaemonProcess) -> None:
        limit(daemon, resource.RLIM_INFINITY)

    yield Disk(directory, fill, free)


@pytest.fixture(params=[small_disk, limited_files], ids=["small disk", "limited files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Both ways to run out of room."""
    with request.param(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, disk: Disk) -> Iterator[DaemonProcess]:
    """A running daemon whose floor stands."""
    with DaemonProcess(disk.directory / "state", shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


def is_alarmed(daemon: DaemonProcess) -> bool:
    """Whether both pages tell that the journal takes nothing."""
    status, said = page(daemon, "/readyz")
    _, metrics = page(daemon, "/metrics")
    return status == 503 and "the journal takes nothing" in said and "solvent_journal_refusing 1" in metrics


def test_a_full_disk_stops_everything_and_its_end_starts_everything_again(
    daemon: DaemonProcess, disk: Disk, shop: FileShop, keys: Keys
) -> None:
    """Payments and commands wait unread, no reply, no script; with room again all of it is done, each thing once."""
    last, calls, replies = daemon.journal.last_sequence(), shop.calls(), len(keys.entries("replies"))
    pid = daemon.pid
    disk.fill(daemon)
    earn(keys, 1, "250.00")
    sent = keys.command("pin", component="search", state="COLD", reason="r" * 400)
    until(lambda: is_alarmed(daemon), "the alarm")
    status = CliRunner().invoke(status_command, ["--state-dir", str(daemon.state_directory)])
    with pytest.raises(AssertionError, match="in vain"):
        until(
            lambda: (
                (last, calls, replies) != (daemon.journal.last_sequence(), shop.calls(), len(keys.entries("replies")))
            ),
            "something to happen",
            within_s=QUIET_S,
        )

    disk.free(daemon)
    until(lambda: at_level(daemon, 1), "level 1 to stand")
    replied = answer(keys, sent)
    until(lambda: page(daemon, "/readyz")[0] == 200, "the alarm to end")

    assert "UNWELL: the journal takes nothing" in status.output
    assert 1 == daemon.log.count('"event":"journal_refuses"')
    assert "done" == replied["outcome"]
    assert ["p1"] == [payment.payment_id for payment in daemon.journal.counted()]
    assert pid == daemon.pid
    assert 0 == daemon.stop()
    assert daemon.journal.is_whole()


def test_a_script_that_ended_while_the_disk_was_full_is_recorded_afterwards(
    daemon: DaemonProcess, disk: Disk, shop: FileShop, keys: Keys
) -> None:
    """The outcome could not be written when the script ended; with room again it is found, and nothing is repeated."""
    begun = shop.hold("warm", "database")
    earn(keys, 1, "250.00")
    until(begun.exists, "the script to begin")
    disk.fill(daemon)
    shop.release("warm", "database")
    until(lambda: is_alarmed(daemon), "the alarm")
    assert "activate.database" not in shop.calls()
    disk.free(daemon)
    until(lambda: at_level(daemon, 1), "level 1 to stand")

    assert 1 == shop.calls().count("warm.database")
    outcomes = [event.outcome.value for event in daemon.journal.events(StepEnded)]
    assert {"done"} == set(outcomes)
    assert 0 == daemon.stop()
    assert daemon.journal.is_whole()

"""The embedded Redis, killed under a running daemon: it comes back with its data, and the daemon goes on."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.redis_server.programs import find_program
from machines.events import FreezeChanged
from tests.conftest import NO_REAL_SERVER, REAL_KINDS
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, rise
from tests.processes.redis_place import keys_of
from tests.processes.waiting import until


@pytest.fixture
def daemon(shop: FileShop, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that may act, with a Redis of its own in its state directory."""
    if find_program(REAL_KINDS, (6, 2)) is None:
        pytest.skip(NO_REAL_SERVER)
    with DaemonProcess(tmp_path / "state", shop.plan_path, "embedded", "--act") as daemon:
        yield daemon


def pid_of_redis(daemon: DaemonProcess) -> int:
    """The process id that the server wrote; 0 while it has not."""
    path = daemon.state_directory / "redis" / "redis.pid"
    return int(path.read_text() or 0) if path.exists() else 0


def test_a_killed_embedded_redis_comes_back_under_the_daemon(daemon: DaemonProcess) -> None:
    """`kill -9` freezes and thaws; the same address serves the same entries, commands are answered, and it is said."""
    url = daemon.wait_ready().redis
    with keys_of(url) as keys:
        rise(daemon, keys)
        until(lambda: keys.hash("component:web").get("state") == "HOT", "the component to be shown")
        published = keys.published_sequences()
        killed = pid_of_redis(daemon)
        os.kill(killed, signal.SIGKILL)
        until(lambda: "embedded_redis_restarted" in daemon.log, "the daemon to say that it started it again")
        until(lambda: not daemon.journal.state().frozen and pid_of_redis(daemon) != killed, "the daemon to go on")
        replied = answer(keys, keys.command("pause", reason="after the kill"))

        assert "done" == replied["outcome"]
        assert published == keys.published_sequences()[: len(published)]
        assert ["p1"] == [payment.payment_id for payment in daemon.journal.counted()]
        assert {"streams_away"} == {event.key for event in daemon.journal.events(FreezeChanged)}
        assert 0 == daemon.stop()
    assert 1 == daemon.log.count("embedded_redis_restarted")


def test_a_port_that_was_taken_meanwhile_is_waited_for(daemon: DaemonProcess) -> None:
    """Clients know one address only: another program on it is named, and once it is gone the server is back."""
    url = daemon.wait_ready().redis
    port = int(url.rpartition(":")[2])
    with keys_of(url) as keys:
        answer(keys, keys.command("pause", reason="before the kill"))
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(pid_of_redis(daemon), signal.SIGKILL)
        until(lambda: _taken(other, port), "the port to be ours")
        until(lambda: "embedded_redis_failed" in daemon.log, "the daemon to say what keeps it from starting")
    until(lambda: "embedded_redis_restarted" in daemon.log, "the daemon to have started it")
    with keys_of(url) as keys:
        replied = answer(keys, keys.command("resume", reason="after the kill"))

    assert "done" == replied["outcome"]
    assert f"{port}, is in use by another program" in daemon.log


def _taken(other: socket.socket, port: int) -> bool:
    try:
        other.bind(("127.0.0.1", port))
        other.listen()
    except OSError:
        return False
    return True

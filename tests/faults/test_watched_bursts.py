"""The watchdog and the cap while payments come in faster than the disk takes them: fed in time, refused in time."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.faults.machines import Machine
from tests.faults.seeing import metric
from tests.faults.test_bursts import counted, send
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

WATCHDOG_S: Final = 12.0
"""What a service manager waits; half of it is the pace that the daemon is asked for."""
BEAT_S: Final = 0.5
"""Instead of half a minute: the roots then are heard as often beside the watchdog as under the shipped unit."""
WORDS: Final = 3
COMMIT_S: Final = 1.0
"""A disk that needs this for each synchronisation: a thousand payments a second at most, whatever arrives."""
PAYMENTS: Final = 30_000
REFUSED_S_MAX: Final = 15.0
REFUSED: Final = "scaling_safety_check_blocked_total"


class Watchdog:
    """The socket of a service manager, and when it heard that all is well."""

    def __init__(self, path: Path) -> None:
        self.heard_s: list[float] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        threading.Thread(target=self._hear, name="the service manager", daemon=True).start()

    def _hear(self) -> None:
        while told := self._socket.recv(4_096):
            if "WATCHDOG=1" in told.decode().splitlines():
                self.heard_s.append(time.monotonic())

    def silences_s(self, since_s: float) -> list[float]:
        """How long it heard nothing each time, from this moment until now."""
        heard = [since_s, *(each for each in self.heard_s if each > since_s), time.monotonic()]
        return [later - earlier for earlier, later in itertools.pairwise(heard)]


@pytest.fixture
def watchdog(tmp_path_factory: pytest.TempPathFactory) -> Watchdog:
    """One that listens; a socket's path is short."""
    return Watchdog(tmp_path_factory.mktemp("w") / "notify")


@pytest.fixture
def daemon(
    redis_server: RedisServer, shop: FileShop, machine: Machine, watchdog: Watchdog, tmp_path: Path
) -> Iterator[DaemonProcess]:
    """A daemon that is watched, and whose floor stands."""
    machine.hear_roots(BEAT_S)
    settings = {
        "NOTIFY_SOCKET": watchdog._socket.getsockname(),
        "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000)),
    }
    with DaemonProcess(
        tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=settings, wrapper=machine.wrapper
    ) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        until(lambda: watchdog.heard_s, "the first word")
        yield daemon


def test_a_burst_delays_neither_the_watchdog_nor_the_refusal_of_a_step(
    daemon: DaemonProcess, machine: Machine, watchdog: Watchdog, shop: FileShop, keys: Keys
) -> None:
    """From the first payment to the last word no silence ends the daemon, and what passes the cap is refused."""
    with machine.slow_commits(COMMIT_S):
        send(keys, 0, PAYMENTS)
        until(lambda: counted(daemon) > 0, "the burst to begin")
        began_s, refused = time.monotonic(), metric(daemon, REFUSED)
        keys.command("activate", component="database", reason="dearer than the floor may be")
        until(lambda: metric(daemon, REFUSED) > refused, "the step to be refused")
        took_s = time.monotonic() - began_s
        until(lambda: len([each for each in watchdog.heard_s if each > began_s]) >= WORDS, "the watchdog to be fed")
        silences_s = watchdog.silences_s(began_s)
        assert counted(daemon) < PAYMENTS, "the burst was over before the last word"

    assert took_s < REFUSED_S_MAX
    assert max(silences_s) < WATCHDOG_S
    assert {} == shop.live("database")

"""Fixtures of the fault tests: those of the process tests, and a running daemon whose floor stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.machines import Machine
from tests.processes.conftest import keys, redis_server, shop
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

__all__ = ["keys", "machine", "redis_server", "running", "shop"]


@pytest.fixture
def running(redis_server: RedisServer, shop: FileShop, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that may act, and has."""
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine that can be arranged; a daemon is put on it by its wrapper."""
    return Machine(tmp_path / "machine")

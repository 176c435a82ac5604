"""What systemd is told."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from daemon.notify import READY, STOPPING, WATCHDOG, notify, status, watchdog_s


def heard(address: str | bytes, told: str, *lines: str) -> bytes:
    """The datagram that arrives at an address which the environment names as `told`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        assert notify(*lines, environment={"NOTIFY_SOCKET": told})
        return receiver.recv(4_096)


def test_all_lines_come_as_one_datagram(tmp_path: Path) -> None:
    """Ready and its status arrive together, as the protocol wants."""
    address = str(tmp_path / "notify")

    assert b"READY=1\nSTATUS=level 2, frozen" == heard(address, address, READY, status("level 2,\nfrozen"))


def test_an_abstract_socket_is_reached() -> None:
    """Systemd in containers uses addresses without a file, written with an @."""
    name = f"solvent-test-{os.getpid()}"

    assert b"STOPPING=1" == heard(f"\0{name}", f"@{name}", STOPPING)


def test_without_a_service_manager_nothing_is_said(tmp_path: Path) -> None:
    """No address, or nobody there: no error."""
    assert not notify(WATCHDOG, environment={})
    assert not notify(WATCHDOG, environment={"NOTIFY_SOCKET": str(tmp_path / "nobody")})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_asked(environment: dict[str, str], expected: float | None) -> None:
    """Half the time that systemd waits; nothing where it watches nobody or another process."""
    assert expected == watchdog_s(environment)

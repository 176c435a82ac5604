"""Telling systemd how the daemon is: one datagram to `$NOTIFY_SOCKET`, nothing without it (sd_notify's protocol)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
WATCHDOG: Final = "WATCHDOG=1"


def status(text: str) -> str:
    """The line that `systemctl status` shows; a line break would begin another field."""
    return f"STATUS={' '.join(text.split())}"


def extend_timeout(seconds: float) -> str:
    """Asks a start or a stop to be waited for: systemd gives up when so long no further word came."""
    return f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}"


def notify(*lines: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send the lines as one datagram; False where nobody listens. A service manager that is away stops no daemon."""
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # Linux's abstract sockets have no file
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(lines).encode(), address)
    except OSError:
        return False
    return True


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """How often to send `WATCHDOG`: half of what systemd waits; None where it does not watch this process."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000

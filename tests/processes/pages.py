"""The pages that a running daemon serves: `/metrics`, `/readyz`, `/healthz`."""

from __future__ import annotations

import urllib.error
import urllib.request

from tests.processes.daemon_process import DaemonProcess


def page(daemon: DaemonProcess, path: str) -> tuple[int, str]:
    """The status and the body of one of the daemon's pages."""
    try:
        with urllib.request.urlopen(daemon.wait_ready().http + path, timeout=30) as opened:
            return opened.status, opened.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()

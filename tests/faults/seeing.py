"""What the fault tests look at: pages of the daemon, lines of its log, and that nothing happens meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.processes.daemon_process import DaemonProcess
from tests.processes.pages import page
from tests.processes.waiting import until

LONG: Final = os.environ.get("TEST_FAULTS") == "all"
"""Whether the long runs were asked for, as `make faults` does."""
in_the_long_run = pytest.mark.skipif(not LONG, reason="a long run: make faults, or TEST_FAULTS=all")


def metric(daemon: DaemonProcess, sample: str) -> float:
    """The value of one sample of `/metrics`, named with its labels; 0 where it is not there."""
    for line in page(daemon, "/metrics")[1].splitlines():
        if line.startswith(f"{sample} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def lines(daemon: DaemonProcess, event: str) -> list[dict[str, Any]]:
    """The log's lines of one event."""
    found = (json.loads(line) for line in daemon.log.splitlines() if line.startswith("{"))
    return [line for line in found if line["event"] == event]


def is_refusing(daemon: DaemonProcess) -> bool:
    """Whether both pages tell that the journal takes nothing."""
    status, said = page(daemon, "/readyz")
    return status == 503 and "the journal takes nothing" in said and metric(daemon, "solvent_journal_refusing") == 1


def stays(what: Callable[[], object], within_s: float) -> bool:
    """Whether what is looked at is the same all the time."""
    before = what()
    with pytest.raises(AssertionError, match="in vain"):
        until(lambda: what() != before, "a change", within_s=within_s)
    return True

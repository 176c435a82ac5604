"""What a running process takes, as its kernel and its own metrics say."""

from __future__ import annotations

import os
import re
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

COUNTED: Final = "solvent_payments_counted_total"
METRICS: Final = (
    "solvent_tasks_items",
    "solvent_mailbox_items",
    "solvent_journal_oldest_wait_seconds",
    "solvent_publication_lag_events",
    "solvent_actors_parked_items",
    "solvent_actor_restarts_total",
    "solvent_mailbox_overflows_total",
    "scaling_level_current",
    COUNTED,
)
_SCRAPE_TIMEOUT_S: Final = 10
_STATUS: Final = re.compile(r"^(VmRSS|Threads):\s+(\d+)", re.MULTILINE)
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_CALIBRATION_TURNS: Final = 20_000
_CALIBRATION_TRIES: Final = 3
_ANONYMOUS: Final = re.compile(r"^Anonymous:\s+(\d+) kB", re.MULTILINE)


class Sample(msgspec.Struct, frozen=True):
    """One look at the daemon."""

    at_s: float
    rss_kib: int
    anonymous_kib: int
    """What the process wrote itself. Its proportional share (PSS) moves with every neighbour that runs a Python."""
    threads: int
    descriptors: int
    children: int
    cpu_s: float
    """What the daemon has computed since its start, user and system, its scripts left out."""
    waited_s: float
    """How long its threads were ready to run and had no processor: what a busy machine takes, and no defect of its."""
    steal_s: float
    """What the machine below has taken from this one since it started."""
    load: float
    """The load average of a minute."""
    calibration_us: float
    """The processor time of a loop that is always the same: how fast a second of processor time is at this moment."""
    metrics: dict[str, float]
    """Those of `METRICS` that it served."""


def look(pid: int, url: str, at_s: float) -> Sample:
    """Look at a process now; raises `OSError` where it is gone or does not answer."""
    process = Path("/proc") / str(pid)
    said = {name: int(value) for name, value in _STATUS.findall((process / "status").read_text())}
    written = _ANONYMOUS.search((process / "smaps_rollup").read_text())
    children = (process / "task" / str(pid) / "children").read_text().split()
    return Sample(
        at_s,
        said["VmRSS"],
        int(written[1]) if written else 0,
        said["Threads"],
        len(list((process / "fd").iterdir())),
        len(children),
        _computed_s(process),
        _waited_s(process),
        int(Path("/proc/stat").read_text().split(maxsplit=9)[8]) / _TICKS_PER_S,
        os.getloadavg()[0],
        calibration_us(),
        _scraped(url),
    )


def calibration_us() -> float:
    """The quickest of a few turns of the loop; processor time, so that it does not count who else runs."""
    took_us = []
    for _ in range(_CALIBRATION_TRIES):
        began_s, total = time.thread_time(), 0
        for number in range(_CALIBRATION_TURNS):
            total += number * number
        took_us.append((time.thread_time() - began_s) * 1_000_000)
    return min(took_us)


def _computed_s(process: Path) -> float:
    """User and system time: fields 14 and 15 of `stat`, counted behind the name, which may hold anything."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _waited_s(process: Path) -> float:
    waited_ns = 0
    for thread in (process / "task").iterdir():
        with suppress(OSError):  # it ended meanwhile
            waited_ns += int((thread / "schedstat").read_text().split()[1])
    return waited_ns / 1_000_000_000


def _scraped(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=_SCRAPE_TIMEOUT_S) as answer:
        lines = answer.read().decode().splitlines()
    found: dict[str, float] = {}
    for line in lines:
        name, _, value = line.partition(" ")
        if name in METRICS:
            found[name] = float(value)
    return found

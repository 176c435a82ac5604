"""What a running process takes, as its kernel and its own metrics say."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Final

import msgspec

METRICS: Final = (
    "solvent_tasks_items",
    "solvent_mailbox_items",
    "solvent_journal_oldest_wait_seconds",
    "solvent_publication_lag_events",
    "solvent_actors_parked_items",
    "solvent_actor_restarts_total",
    "solvent_mailbox_overflows_total",
    "scaling_level_current",
)
_SCRAPE_TIMEOUT_S: Final = 10
_STATUS: Final = re.compile(r"^(VmRSS|Threads):\s+(\d+)", re.MULTILINE)
_PSS: Final = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class Sample(msgspec.Struct, frozen=True):
    """One look at the daemon."""

    at_s: float
    rss_kib: int
    pss_kib: int
    threads: int
    descriptors: int
    children: int
    metrics: dict[str, float]
    """Those of `METRICS` that it served."""


def look(pid: int, url: str, at_s: float) -> Sample:
    """Look at a process now; raises `OSError` where it is gone or does not answer."""
    process = Path("/proc") / str(pid)
    said = {name: int(value) for name, value in _STATUS.findall((process / "status").read_text())}
    shared = _PSS.search((process / "smaps_rollup").read_text())
    children = (process / "task" / str(pid) / "children").read_text().split()
    return Sample(
        at_s,
        said["VmRSS"],
        int(shared[1]) if shared else 0,
        said["Threads"],
        len(list((process / "fd").iterdir())),
        len(children),
        _scraped(url),
    )


def _scraped(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/metrics", timeout=_SCRAPE_TIMEOUT_S) as answer:
        lines = answer.read().decode().splitlines()
    found: dict[str, float] = {}
    for line in lines:
        name, _, value = line.partition(" ")
        if name in METRICS:
            found[name] = float(value)
    return found

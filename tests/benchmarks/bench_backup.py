"""Backing up, restoring and verifying a journal, beside merely packing and hashing the same bytes in the same run."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from adapters.clocks import SystemClock
from adapters.sqlite_journal import JOURNAL_NAME, SqliteJournal
from config.instants import SECOND
from config.loading import load_plan
from config.settings import BackupSettings, Settings
from daemon.assembly.backups import Environment, Wish, back_up, take_back, verify_state_dir
from daemon.resume import plan_fingerprint
from machines.events import Event, FreezeChanged, Mode, PlanAdopted, Started
from machines.ports.journal import Proposal
from machines.state.whole import FOLD_VERSION
from tests.benchmarks.figures import Figure, at_most

START = 1_704_067_200 * SECOND
GROUP = 500
RESTORE_S_MAX = 3_600
"""Recovery under an hour is what the source documents promise."""
Result = TypeVar("Result")


async def build(path: Path, events: int) -> None:
    """A journal that a daemon could have written: a plan, and then freezes that come and go."""
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=FOLD_VERSION)
    plan = load_plan("starter")
    first: list[Event] = [Started("solvent", "0", Mode.ACT), PlanAdopted(plan, plan_fingerprint(plan))]
    await journal.append([Proposal(event, "boot", START) for event in first])
    for number in range(0, events, GROUP):
        numbers = range(number, number + GROUP)
        later = [FreezeChanged("clock", frozen=each % 2 == 0, reason=f"jump {each}") for each in numbers]
        await journal.append([Proposal(event, "revenue", START) for event in later])
    await journal.close()


def timed(act: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    result = act()
    return time.perf_counter() - began, result


def packed(path: Path, to: Path) -> None:
    """The file, compressed: what no backup can do without."""
    with path.open("rb") as source, gzip.open(to, "wb", compresslevel=6) as target:
        shutil.copyfileobj(source, target)


def hashed(path: Path) -> str:
    """The file's digest: what no check can do without."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def measure(folder: Path, events: int) -> list[Figure]:
    """A backup, its restore and a verification of a journal of so many events."""
    state_dir = folder / "state"
    state_dir.mkdir()
    journal = state_dir / JOURNAL_NAME
    asyncio.run(build(journal, events))
    settings = Settings(plan="starter", state_dir=str(state_dir), backup=BackupSettings(to=str(folder / "backups")))
    around = Environment(settings, {}, SystemClock())
    backup_s, _ = timed(lambda: back_up(around))
    pack_s, _ = timed(lambda: packed(journal, folder / "packed.gz"))
    restore_s, restored = timed(lambda: take_back(around, Wish(folder / "restored")))
    verify_s, verified = timed(lambda: verify_state_dir(str(state_dir)))
    hash_s, _ = timed(lambda: hashed(journal))
    assert verified.whole
    assert restored.manifest.last_sequence >= events
    what = f"{events:,} events, {journal.stat().st_size / 1e6:.0f} MB"
    return [
        Figure(f"backup of {what}", backup_s, "s", pack_s, "gzip of the same file"),
        at_most(Figure(f"restore of {what}", restore_s, "s", pack_s, "gzip of the same file"), RESTORE_S_MAX, "<= 1 h"),
        Figure(f"verify of {what}", verify_s, "s", hash_s, "SHA-256 of the same file"),
    ]

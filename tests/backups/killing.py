"""Killing an operation at each of its steps, in a process of its own: `python -m tests.backups.killing WHAT FOLDER`.

Before every opened or renamed file, every sync and every SQL statement, a fork of the process is killed as `kill -9`
would. What each of them left is printed as one JSON line: what the journal then is.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from adapters.sqlite_journal import JOURNAL_NAME, SqliteJournal
from tests.backups.places import backed_up, taken_back, verified, write_history
from tests.contracts.journal import SetClock

STEPS_MAX = 400
KILL_EVERY = int(os.environ.get("SOLVENT_KILL_EVERY", "5"))
"""`make kill-steps` takes every step."""
AGAIN_EVERY = 4
"""After so many kills one is followed by a run that comes to its end."""
WATCHED = ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")


class Left(msgspec.Struct, frozen=True):
    """What a killed process left."""

    step: int
    """0 for the one that was not killed."""
    epoch: int
    schema: int
    last_sequence: int
    findings: tuple[str, ...]
    names: tuple[str, ...]


class Killer:
    """Counts steps and ends the process at one of them."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._steps = 0

    def count(self, *_what: object) -> None:
        """One more step is about to be taken."""
        self._steps += 1
        if self._steps == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """From here on."""
        sync, connect = os.fsync, sqlite3.connect

        def counted_sync(descriptor: int) -> None:
            self.count()
            sync(descriptor)

        def counted_connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
            self.count()
            connection = connect(*arguments, **named)
            connection.set_trace_callback(self.count)
            return connection

        os.fsync, sqlite3.connect = counted_sync, counted_connect  # type: ignore[assignment]
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event in WATCHED:
            self.count()


def restoring(state_dir: Path) -> None:
    """A restore over a journal that stands there."""
    taken_back(state_dir, state_dir.parent / "backups", replace=True)


def migrating(state_dir: Path) -> None:
    """Opening a journal of 0.1.0."""

    async def run() -> None:
        journal = await SqliteJournal.open(state_dir / JOURNAL_NAME, clock=SetClock(), fold_version=1)
        await journal.close()

    asyncio.run(run())


def backing_up(state_dir: Path) -> None:
    """A backup beside an older one."""
    backed_up(state_dir, state_dir.parent / "backups", now=lambda: time.time_ns() // 1_000)


OPERATIONS: dict[str, Callable[[Path], None]] = {
    "restoring": restoring,
    "migrating": migrating,
    "backing_up": backing_up,
}


def killed(operation: Callable[[Path], None], state_dir: Path, step: int) -> bool:
    """Run the operation in a fork that dies at a step; False where it came to its end before."""
    child = os.fork()
    if child == 0:
        Killer(step).watch()
        operation(state_dir)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"the operation failed at step {step}")
    return os.WIFSIGNALED(status)


def left_in(state_dir: Path, step: int) -> Left:
    """What is there now."""
    names = tuple(sorted(each.name for each in state_dir.iterdir()))
    found = verified(state_dir / JOURNAL_NAME)
    return Left(step, found.epoch, found.schema, found.last_sequence, found.findings, names)


def tell(left: Left) -> None:
    """One line of what this program prints."""
    sys.stdout.write(msgspec.json.encode(left).decode() + "\n")


def main(what: str, folder: Path) -> None:
    """Kill at each step, and look; now and then let a second run come to its end."""
    start = folder / "start"
    write_history(start / "state")
    backed_up(start / "state", start / "backups")
    for number, step in enumerate(range(1, STEPS_MAX, KILL_EVERY)):
        place = folder / "place"
        shutil.copytree(start, place)
        was_killed = killed(OPERATIONS[what], place / "state", step)
        tell(left_in(place / "state", step if was_killed else 0))
        if not was_killed:
            return
        if number % AGAIN_EVERY == 0:
            assert not killed(OPERATIONS[what], place / "state", STEPS_MAX)
            tell(left_in(place / "state", 0))
        shutil.rmtree(place)
    raise RuntimeError("it never came to its end")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Killing a move of the journal at each of its steps, in a process of its own: `python -m … WHAT FOLDER URL`.

Before every opened or renamed file, every sync, every statement of either database and every answer of PostgreSQL, a
fork of the process is killed as `kill -9` would. What each of them left is printed as one JSON line.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.journal_moving.outcomes import NotMovedError
from adapters.journal_place import place_for_reading
from adapters.postgres_journal.connections import LimitedConnection
from machines.ports.journal import JournalRefusedError
from tests.backups.killing import Killer
from tests.backups.places import events_of, verified, write_history
from tests.journal_place.installations import Installed

EVERY_STEP: Final = "SOLVENT_KILL_EVERY" in os.environ
"""`make kill-steps` takes every step."""
SPREAD: Final = 2
"""So many steps over the whole move otherwise, …"""
LAST: Final = 3
"""… and of the last ones, in which the journal changes places, every second."""
COUNTED: Final = "steps"


class Left(msgspec.Struct, frozen=True):
    """What a killed move left, and what the next one made of it."""

    step: int
    of: int
    journal: str
    """`file`, `postgresql`, or `interrupted` where only another move may say."""
    then: str
    """Where the journal is after the next move."""
    last_sequence: int
    findings: tuple[str, ...]


class WatchingKiller(Killer):
    """Also counts what goes to PostgreSQL and what comes back."""

    @property
    def steps(self) -> int:
        """How many there were."""
        return self._steps

    def watch(self) -> None:
        """From here on."""
        super().watch()
        wait = LimitedConnection.wait

        def counted_wait(connection: LimitedConnection, *arguments: Any, **named: Any) -> Any:
            self.count()
            answer = wait(connection, *arguments, **named)
            self.count()
            return answer

        LimitedConnection.wait = counted_wait  # type: ignore[method-assign]


def move(installed: Installed, what: str) -> None:
    """One whole move; nothing where it is done already."""
    try:
        installed.there() if what == "there" else installed.back()
    except NotMovedError as refused:
        if "already" not in str(refused):
            raise


def killed_move(installed: Installed, what: str, step: int) -> bool:
    """Move in a fork that dies at a step; False where it came to its end before."""
    child = os.fork()
    if child == 0:
        killer = WatchingKiller(step)
        killer.watch()
        move(installed, what)
        (installed.state_dir / COUNTED).write_text(str(killer.steps))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise RuntimeError(f"the move failed at step {step}")
    return os.WIFSIGNALED(status)


def installed_in(place: Path, url: str, what: str, name: str) -> Installed:
    """A state directory before its move."""
    write_history(place)
    installed = Installed(place, url, f"killed_{what}_{name}")
    if what == "back":
        installed.there()
    return installed


def steps_of(place: Path, url: str, what: str) -> int:
    """How many steps a move takes that nobody kills, once all is cached that is made once."""
    warm = installed_in(place, url, "there", "warm")
    warm.there()
    warm.back()
    findings_of(warm, "file", [])
    shutil.rmtree(place)
    killed_move(installed_in(place, url, what, "never"), what, 0)
    steps = int((place / COUNTED).read_text())
    shutil.rmtree(place)
    return steps


def chosen(steps: int) -> list[int]:
    """The steps at which it is killed."""
    if EVERY_STEP:
        return list(range(1, steps + 1))
    return sorted({*range(1, steps, steps // SPREAD), *range(steps - 2 * LAST + 1, steps + 1, 2), steps})


def where_is(state_dir: Path) -> str:
    """Where the journal is, for whoever would read or open it."""
    try:
        return "file" if place_for_reading(state_dir) is None else "postgresql"
    except JournalRefusedError:
        return "interrupted"


def journal_of(installed: Installed, place: str) -> Path:
    """The journal as a file that can be examined."""
    if place == "file":
        return installed.journal
    copy = installed.state_dir / "exported.sqlite"
    copy.unlink(missing_ok=True)
    return installed.exported(copy)


def findings_of(installed: Installed, place: str, before: list[object]) -> tuple[str, ...]:
    """What is wrong with the journal at that place: damage, or other events than before."""
    journal = journal_of(installed, place)
    same = before == events_of(journal)[: len(before)]
    return (*verified(journal).findings, *(() if same else ("its events are others",)))


def left_by(installed: Installed, what: str, step: tuple[int, int], before: list[object]) -> Left:
    """What is there, and what the next move makes of it."""
    place = where_is(installed.state_dir)
    findings = () if place == "interrupted" else findings_of(installed, place, before)
    if place == "postgresql" and installed.journal.exists():
        findings += ("the file stands beside it",)
    move(installed, what)
    then = where_is(installed.state_dir)
    findings += findings_of(installed, then, before)
    return Left(*step, place, then, verified(journal_of(installed, then)).last_sequence, findings)


def main(what: str, folder: Path, url: str) -> None:
    """Kill at the steps, look, and let the next move come to its end."""
    place = folder / "place"
    steps = steps_of(place, url, what)
    write_history(folder / "before")
    before: list[object] = list(events_of(folder / "before" / "journal.sqlite"))
    for step in chosen(steps):
        installed = installed_in(place, url, what, str(step))
        if not killed_move(installed, what, step):
            raise RuntimeError(f"step {step} of {steps} was never taken")
        sys.stdout.write(msgspec.json.encode(left_by(installed, what, (step, steps), before)).decode() + "\n")
        shutil.rmtree(place)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])

"""State directories with a real history, and what backups of them are made with."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from adapters.backups.folder import Folder
from adapters.backups.making import Backing, Made, make_backup
from adapters.backups.restoring import Restored, Wish, restore
from adapters.journal_rows.reading import stored_events
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.examining import examine
from config.instants import SECOND, Instant
from config.secret import Secret
from config.settings import BackupSettings
from daemon.assembly.folding import require_folds
from daemon.backing_up.verifying import Verification, verify_journal
from machines.events import Recorded
from machines.state.whole import State, fold

HISTORY = Path(__file__).parents[1] / "fixtures" / "histories" / "v0_1"
"""What a real daemon of 0.1.0 wrote in a year of a small shop, killed twice on the way."""
NOW: Instant = 1_800_000_000 * SECOND
"""Later than everything in the history."""


def write_history(state_dir: Path, history: Path = HISTORY) -> Path:
    """A state directory with a history, as its version left it; the journal's path."""
    state_dir.mkdir(parents=True, exist_ok=True)
    journal = state_dir / JOURNAL_NAME
    journal.write_bytes(gzip.decompress((history / "journal.sqlite.gz").read_bytes()))
    journal.chmod(0o600)
    return journal


def ticking(start: Instant = NOW, step: Instant = SECOND) -> Callable[[], Instant]:
    """A clock that moves on at each look."""
    at = start

    def now() -> Instant:
        nonlocal at
        at += step
        return at

    return now


def backed_up(
    state_dir: Path, folder: Path, settings: BackupSettings | None = None, now: Callable[[], Instant] | None = None
) -> Made:
    """A backup of the state directory in a folder."""
    backing = Backing(state_dir, settings or BackupSettings(), Folder(folder), "0.2.0")
    return make_backup(backing, now or ticking())


def taken_back(
    state_dir: Path, folder: Path, until: Instant | None = None, identity: Secret | None = None, **wished: object
) -> Restored:
    """The restore of a folder's backup into a state directory."""
    return restore(Wish(state_dir, until=until, **wished), Folder(folder), identity, NOW, require_folds)  # type: ignore[arg-type]


def verified(journal: Path) -> Verification:
    """What verifying finds."""
    return verify_journal(partial(examine, journal))


def events_of(journal: Path) -> list[Recorded]:
    """All events, unproven."""
    with closing(sqlite3.connect(journal)) as connection:
        return [row.recorded() for row in stored_events(connection, 0)]


def folded(events: list[Recorded]) -> State:
    """The state that the events give."""
    state = State()
    for each in events:
        fold(state, each)
    return state


def ask(journal: Path, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """What a person with a SQLite shell sees."""
    with closing(sqlite3.connect(journal)) as connection:
        return connection.execute(statement, parameters).fetchall()


def alter(journal: Path, statement: str, *parameters: object) -> None:
    """Change a file behind the journal's back."""
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute(statement, parameters)


def names_in(folder: Path) -> set[str]:
    """The names of all files of a folder."""
    return {each.name for each in folder.iterdir()}

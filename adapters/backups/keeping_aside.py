"""Giving the journal that makes way names of its own: nothing is deleted, and no log stays over what comes."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from adapters.backups.errors import BackupError
from adapters.sqlite_journal.copying import sync_directory
from config.instants import Instant, datetime_from_instant

REPLACED: Final = "replaced"
"""In the name of a file, or of a schema, that made way for a restored journal."""
MOVED: Final = "moved"
"""The same of one whose journal went elsewhere."""
_LOGS: Final = ("-wal", "-journal")
"""What SQLite replays over a file of the name before them."""
_PRIMARY_CODE: Final = 0xFF
"""The part of a SQLite error code that names its kind."""
_HEADER: Final = b"SQLite format 3\0"
READER_WAIT_S: Final = 5.0
"""How long somebody who reads the old journal is waited for."""
NAMES_MAX: Final = 100
"""Journals moved aside within one second."""


def keep_aside(journal: Path, now: Instant, word: str) -> str:
    """Give what stands there names of its own beside its old ones; `journal` itself stays until it is replaced.

    SQLite would replay a log that stays over the journal that comes. The name of the journal, or of its log where
    there is no journal; empty where there is nothing. Raises `BackupError` and `OSError`.
    """
    aside, kept = _free_name(journal, now, word), []
    if journal.exists():
        fold_log(journal)
        os.link(journal, aside)
        kept.append(aside.name)
    for suffix in _LOGS:
        log = journal.with_name(journal.name + suffix)
        if log.exists():
            # Empty, or SQLite cannot open the file at all: no daemon could have gone on with it either.
            os.link(log, aside.with_name(aside.name + suffix))
            kept.append(aside.name + suffix)
            sync_directory(journal.parent)
            log.unlink()
    journal.with_name(f"{journal.name}-shm").unlink(missing_ok=True)
    sync_directory(journal.parent)
    return kept[0] if kept else ""


def is_database(journal: Path) -> bool:
    """Whether SQLite may open it: of a file that is none, it would throw the log away."""
    with journal.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def fold_log(journal: Path) -> None:
    """Fold the log into the file: two files cannot be moved in one step. Raises `BackupError` where somebody reads."""
    if not is_database(journal):
        return
    with closing(sqlite3.connect(journal, timeout=READER_WAIT_S, isolation_level=None)) as connection:
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            # Of a damaged file the log is kept as it is, under the file's new name.
            busy = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
    if busy:
        raise BackupError(f"another process reads {journal}: end it, and try again. Nothing was changed")


def forget_interrupted(journal: Path, word: str) -> None:
    """Who was killed in between left a second name of the journal that still stands: no copy of it."""
    if not journal.exists():
        return
    for aside in journal.parent.glob(f"{journal.stem}-{word}-*{journal.suffix}"):
        if aside.samefile(journal):
            aside.unlink()


def _free_name(journal: Path, now: Instant, word: str) -> Path:
    stem = f"{journal.stem}-{word}-{datetime_from_instant(now):%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{number}{journal.suffix}" for number in ("", *(f"-{each}" for each in range(2, NAMES_MAX))))
    taken = {each.name for each in journal.parent.iterdir()}
    return next(journal.with_name(name) for name in names if not any(name + end in taken for end in ("", *_LOGS)))

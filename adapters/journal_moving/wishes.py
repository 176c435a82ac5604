"""What is asked of a move, and what every move does with the file that it prepares."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.errors import BackupError
from adapters.journal_moving.outcomes import NotMovedError
from adapters.journal_moving.rows import Progress, silent
from adapters.journal_place import NotedPlace, address_of
from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import Point
from adapters.postgres_journal.place import PostgresPlace
from adapters.sqlite_journal.copying import sync_file
from adapters.sqlite_journal.cutting import begin_epoch
from adapters.sqlite_journal.schema import connect
from config.instants import Instant
from config.settings import JournalSettings
from machines.events import JournalMoved
from machines.ports.journal import JournalDamagedError, JournalRefusedError

PURPOSE: Final = "move"
_ACTOR: Final = "move-journal"
BUSY_TIMEOUT_MS: Final = 5_000
"""How long somebody who holds a file is waited for."""


class Wish(msgspec.Struct, frozen=True):
    """What a move is made with."""

    state_dir: Path
    settings: JournalSettings
    environ: Mapping[str, str]
    instance: str
    now: Instant
    fold_version: int
    require_folds: Callable[[Path], None]
    """Folds a file as a daemon will, or raises `BackupError`."""
    progress: Progress = silent


def schema_text(schema: str) -> str:
    """A schema in words."""
    return f"the schema {schema} of PostgreSQL"


def noted_server(noted: NotedPlace, wish: Wish) -> PostgresPlace:
    """The server that `journal.json` leads to; raises `JournalRefusedError`."""
    address = address_of(noted, wish.state_dir, wish.environ)
    return PostgresPlace(address, noted.schema, wish.settings.connect_timeout_s, wish.settings.statement_timeout_s)


def begin_life(prepared: Path, source: str, target: str, now: Instant) -> tuple[str, int, Point]:
    """Give the prepared file its new epoch, with the event that says so; journal, epoch and end."""
    with closing(connect(prepared, BUSY_TIMEOUT_MS)) as file:
        file.execute("BEGIN IMMEDIATE")
        journal_id, epoch = str(meta(file, "journal_id")), int(meta(file, "epoch") or 0) + 1
        end = begin_epoch(file, epoch, [JournalMoved(source, target, epoch, now)], _ACTOR, now)
        file.execute("COMMIT")
        file.execute("PRAGMA journal_mode=DELETE")
    sync_file(prepared)
    return journal_id, epoch, end


@contextmanager
def refusals_as_not_moved() -> Iterator[None]:
    """Turn what stands in the way of a move into `NotMovedError`."""
    try:
        yield
    except (BackupError, JournalDamagedError, JournalRefusedError) as refused:
        raise NotMovedError(str(refused)) from refused
    except sqlite3.Error as error:
        raise NotMovedError(f"the journal's file cannot be read or written: {error}; run `solvent verify`") from error

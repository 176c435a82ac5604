"""State directories whose journal is moved, and what stands in them afterwards."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.journal_moving.exporting import export_now
from adapters.journal_moving.into_file import move_into_file
from adapters.journal_moving.into_postgres import move_into_postgres
from adapters.journal_moving.outcomes import Moved
from adapters.journal_moving.rows import tables
from adapters.journal_moving.wishes import Wish
from adapters.journal_place import noted_place
from adapters.sqlite_journal import JOURNAL_NAME
from config.instants import Instant
from config.secret import Secret
from config.settings import JournalSettings
from daemon.assembly.folding import require_folds
from machines.state.whole import FOLD_VERSION
from tests.backups.places import NOW, write_history
from tests.postgres_server import PostgresServer

JOURNALS: Final = Path(__file__).parents[1] / "fixtures" / "journals"
_NUMBERS: Final = count(1)
Rows = Mapping[str, list[tuple[Any, ...]]]


class Installed(msgspec.Struct, frozen=True):
    """A state directory, and a schema that nobody has used."""

    state_dir: Path
    url: str
    schema: str

    @property
    def journal(self) -> Path:
        """The journal's file, where it is one."""
        return self.state_dir / JOURNAL_NAME

    @property
    def settings(self) -> JournalSettings:
        """What the operator wrote."""
        return JournalSettings(url="env:TEST_JOURNAL_URL", schema=self.schema)

    def wish(self, now: Instant = NOW) -> Wish:
        """A move with these settings."""
        environ = {"TEST_JOURNAL_URL": self.url}
        return Wish(self.state_dir, self.settings, environ, "shop", now, FOLD_VERSION, _folds)

    def there(self) -> Moved:
        """Into PostgreSQL."""
        return move_into_postgres(self.wish())

    def back(self) -> Moved:
        """Into the file."""
        return move_into_file(self.wish())

    def exported(self, to: Path) -> Path:
        """The journal in PostgreSQL as a file."""
        noted = noted_place(self.state_dir)
        assert noted is not None
        export_now(Secret(self.url), noted.schema, noted.journal_id, to)
        return to


def _folds(journal: Path) -> None:
    """As a daemon does; the fixtures of single events tell no story that could be folded."""
    if b"fixture" not in journal.read_bytes():
        require_folds(journal)


def with_history(server: PostgresServer, folder: Path) -> Installed:
    """A year of a small shop."""
    write_history(folder)
    return Installed(folder, server.url, f"shop_{next(_NUMBERS)}")


def with_every_event(server: PostgresServer, folder: Path, version: str) -> Installed:
    """One event of each kind, as a released version wrote them."""
    folder.mkdir(parents=True)
    shutil.copy(JOURNALS / version / JOURNAL_NAME, folder)
    return Installed(folder, server.url, f"events_{next(_NUMBERS)}")


def rows_of(journal: Path) -> Rows:
    """Every row of a journal's tables, those of `meta` but for the epoch."""
    with closing(sqlite3.connect(journal)) as connection:
        found = {
            name: sorted(connection.execute(f"SELECT {table.listed} FROM {name}"), key=repr)
            for name, table in tables().items()
        }
        found["meta"] = sorted(connection.execute("SELECT key, value FROM meta WHERE key <> 'epoch'"))
    return found

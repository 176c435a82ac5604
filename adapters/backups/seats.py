"""Where a journal is put in place: what stands there, and how the new one takes its seat."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

import msgspec

from adapters.backups.errors import BackupError
from adapters.backups.files import give_to_owner
from adapters.backups.keeping_aside import REPLACED, forget_interrupted, is_database, keep_aside
from adapters.backups.manifest import EPOCH_MAX
from adapters.backups.proving import held_by
from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import Point
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import sync_directory
from adapters.sqlite_journal.opening import require_ours
from adapters.state_directory import LOCK_NAME
from config.instants import Instant
from machines.ports.journal import JournalDamagedError


class There(msgspec.Struct, frozen=True):
    """The journal that stands there, as far as it can be read."""

    journal_id: str = ""
    epoch: int = 0


class Coming(msgspec.Struct, frozen=True):
    """The journal that takes the place."""

    file: Path
    journal_id: str
    epoch: int
    end: Point


class Seat(Protocol):
    """One place of a journal. Its methods raise `BackupError` and `OSError`."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    def there(self) -> There | None:
        """What stands there; None for nothing."""
        ...

    def put(self, coming: Coming, now: Instant) -> str:
        """Put the journal in place in one step; the name that what stood there has now, "" where there was nothing."""
        ...


class FileSeat:
    """The file of a state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._journal = state_dir / JOURNAL_NAME
        self.name = str(self._journal)

    def there(self) -> There | None:
        """The journal of the file; one that cannot be read has neither name nor epoch."""
        forget_interrupted(self._journal, REPLACED)
        return journal_in(self._journal) if self._journal.exists() else None

    def put(self, coming: Coming, now: Instant) -> str:
        """Give the prepared file the journal's name. The old one has a name of its own before the new one stands.

        At each moment the journal is the whole old file or the whole new one.
        """
        journal = self._journal
        give_to_owner(coming.file, journal.parent)
        give_to_owner(journal.with_name(LOCK_NAME))
        moved_aside = keep_aside(journal, now, REPLACED)
        coming.file.replace(journal)
        sync_directory(journal.parent)
        self._prove(coming)
        return moved_aside

    def _prove(self, coming: Coming) -> None:
        """Read the journal under its name: whatever lay beside it must not have changed it."""
        wanted = coming.journal_id, coming.epoch, coming.end
        try:
            held = held_by(self._journal)
            found = f"journal {held.journal_id} of epoch {held.epoch} up to event {held.end.sequence}"
            if (held.journal_id, held.epoch, held.end) == wanted:
                return
        except (sqlite3.Error, JournalDamagedError, AssertionError, ValueError) as error:
            found = str(error)
        raise BackupError(
            f"{self._journal} was put in place and does not read as what was restored (journal {wanted[0]} of epoch "
            f"{wanted[1]} up to event {coming.end.sequence}), but as: {found}. Do not start the daemon: end whoever "
            "else works on this folder, and restore again with --replace"
        )


def journal_in(journal: Path) -> There:
    """Which journal a file is."""
    if not is_database(journal):
        return There()
    try:
        with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
            require_ours(connection, journal)
            epoch = int(meta(connection, "epoch") or 0)
            return There(str(meta(connection, "journal_id")), epoch if 0 < epoch < EPOCH_MAX else 0)
    except (sqlite3.Error, JournalDamagedError, ValueError):
        return There()  # a damaged journal is the reason to restore one

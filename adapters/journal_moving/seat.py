"""A schema of PostgreSQL as the place into which a backup is restored."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.backups.errors import BackupError
from adapters.backups.keeping_aside import REPLACED
from adapters.backups.seats import Coming, There
from adapters.journal_moving.importing import import_file
from adapters.journal_moving.lead import fence_after, fencing_of, hold_lead
from adapters.journal_moving.server import SchemaJournal, journal_of_schema, patient, rename_aside
from adapters.journal_moving.wishes import BUSY_TIMEOUT_MS, schema_text
from adapters.journal_place import NotedPlace, note_place
from adapters.postgres_journal.place import PostgresPlace
from adapters.postgres_journal.schema import ensure_schema
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.opening import open_file
from config.instants import Instant
from machines.ports.journal import JournalDamagedError, JournalRefusedError


class PostgresSeat:
    """The schema that the settings, or `journal.json`, name. Nobody may lead its journal meanwhile."""

    def __init__(self, state_dir: Path, place: PostgresPlace, reference: str, fold_version: int) -> None:
        """`reference` is that of the address, for `journal.json`."""
        self.name = f"a journal in {schema_text(place.schema)}"
        self._state_dir = state_dir
        self._place = place
        self._reference = reference
        self._fold_version = fold_version
        self._seen: SchemaJournal | None = None

    def there(self) -> There | None:
        """The journal of the schema; None for one without a single event."""
        if (self._state_dir / JOURNAL_NAME).exists():
            raise BackupError(
                f"{self._state_dir} still holds {JOURNAL_NAME}: take it along with `solvent move-journal`, or move it "
                "aside, and restore again"
            )
        try:
            with patient(self._place, "restore", read_only=True) as connection:
                self._seen = journal_of_schema(connection, self._place.schema)
        except (JournalRefusedError, JournalDamagedError) as refused:
            raise BackupError(str(refused)) from refused
        return None if self._seen is None else There(self._seen.journal_id, self._seen.epoch)

    def put(self, coming: Coming, now: Instant) -> str:
        """Fill the schema in one transaction; one that holds a journal is given another name in it."""
        try:
            moved_aside = self._filled(coming, now)
        except (JournalRefusedError, JournalDamagedError) as refused:
            raise BackupError(str(refused)) from refused
        note_place(self._state_dir, NotedPlace("postgresql", self._reference, self._place.schema, coming.journal_id))
        return moved_aside

    def _filled(self, coming: Coming, now: Instant) -> str:
        schema = self._place.schema
        opened = open_file(coming.file, self._fold_version, os.urandom, BUSY_TIMEOUT_MS, lambda: now)
        opened.connection.close()
        with patient(self._place, "restore") as connection:
            ensure_schema(connection, schema)
            with connection.transaction():
                hold_lead(connection, schema)
                if journal_of_schema(connection, schema) != self._seen:
                    raise BackupError(f"{self.name} was written to meanwhile: nothing was changed; try again")
                moved_aside = ""
                if self._seen is not None:
                    fencing = fencing_of(connection, schema)
                    moved_aside = rename_aside(connection, schema, REPLACED, now)
                    ensure_schema(connection, schema)
                    fence_after(connection, schema, fencing)
                end = import_file(connection, schema, coming.file)
                if end != opened.tail:
                    raise BackupError(f"{self.name} would end at event {end.sequence}, not at {opened.tail.sequence}")
        return moved_aside

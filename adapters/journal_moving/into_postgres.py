"""Moving a journal from its file into PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.backups.files import alone
from adapters.backups.keeping_aside import MOVED, forget_interrupted, keep_aside
from adapters.journal_moving.importing import import_file
from adapters.journal_moving.lead import hold_lead
from adapters.journal_moving.outcomes import Moved, NotMovedError
from adapters.journal_moving.server import SchemaJournal, hash_at, journal_of_schema, patient
from adapters.journal_moving.stored import Connection
from adapters.journal_moving.wishes import (
    BUSY_TIMEOUT_MS,
    PURPOSE,
    Wish,
    begin_life,
    noted_server,
    refusals_as_not_moved,
    schema_text,
)
from adapters.journal_place import NotedPlace, note_place, noted_place
from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import Point, last_point, point_at
from adapters.postgres_journal.place import PostgresPlace
from adapters.postgres_journal.schema import ensure_schema
from adapters.secret_references import SecretMissingError, read_secret
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import copy_whole, sync_directory
from adapters.sqlite_journal.opening import open_file
from adapters.state_directory import StateDirectory

_MOVED_EVENT = "JournalMoved"


def move_into_postgres(wish: Wish) -> Moved:
    """Copy the journal into the empty schema of the settings, prove it there, and let the file make way.

    Raises `NotMovedError`, `HeldError` and `OSError`; then the file is the journal as before. A kill leaves the file or
    PostgreSQL's as the journal, never both: run it again.
    """
    with (
        refusals_as_not_moved(),
        StateDirectory.hold(wish.state_dir, instance=wish.instance, since=wish.now, by_daemon=False),
        alone(wish.state_dir, PURPOSE) as scratch,
    ):
        file, noted = wish.state_dir / JOURNAL_NAME, noted_place(wish.state_dir)
        forget_interrupted(file, MOVED)
        if noted is not None:
            return _finish(noted, file, wish)
        if not file.is_file():
            raise NotMovedError(f"{wish.state_dir} has no {JOURNAL_NAME}: name the --state-dir of `solvent run`")
        place = _wished_server(wish)
        prepared = scratch / JOURNAL_NAME
        copy_whole(file, prepared)
        _open_as_a_daemon(prepared, wish)
        journal_id, epoch, end = begin_life(prepared, JOURNAL_NAME, schema_text(place.schema), wish.now)
        wish.require_folds(prepared)
        _fill(place, prepared, end, wish)
        note_place(wish.state_dir, NotedPlace("postgresql", wish.settings.url, place.schema, journal_id))
        return Moved(JOURNAL_NAME, schema_text(place.schema), journal_id, epoch, end.sequence, _make_way(file, wish))


def _wished_server(wish: Wish) -> PostgresPlace:
    settings = wish.settings
    if not settings.url:
        raise NotMovedError(
            "the settings do not say where PostgreSQL is: name journal.url, such as "
            '`url = "file:/etc/solvent/journal-url"` under [journal]'
        )
    try:
        url = read_secret(settings.url, wish.environ)
    except SecretMissingError as missing:
        raise NotMovedError(f"journal.url: {missing}") from missing
    return PostgresPlace(url, settings.schema, settings.connect_timeout_s, settings.statement_timeout_s)


def _open_as_a_daemon(prepared: Path, wish: Wish) -> None:
    """Prove the end of the copy, mend a torn one, and bring older tables up to date."""
    open_file(prepared, wish.fold_version, os.urandom, BUSY_TIMEOUT_MS, lambda: wish.now).connection.close()


def _fill(place: PostgresPlace, prepared: Path, end: Point, wish: Wish) -> None:
    with patient(place, PURPOSE) as connection:
        ensure_schema(connection, place.schema)
        with connection.transaction():
            hold_lead(connection, place.schema)
            there = journal_of_schema(connection, place.schema)
            if there is not None:
                _require_left_by_a_move(there, prepared, place)
            arrived = import_file(connection, place.schema, prepared, wish.progress)
            if arrived != end:
                raise NotMovedError(f"the copy ends at event {arrived.sequence}, the journal at {end.sequence}")


def _require_left_by_a_move(there: SchemaJournal, prepared: Path, place: PostgresPlace) -> None:
    """Only what a move that was killed left may be written over: a copy on which no daemon ever went on."""
    with closing(sqlite3.connect(prepared, isolation_level=None)) as file:
        before = point_at(file, there.end.sequence - 1)
        ours = there.journal_id == meta(file, "journal_id")
    if ours and there.last_type == _MOVED_EVENT and before is not None and before.hash == there.before:
        return
    raise NotMovedError(
        f"{schema_text(place.schema)} is not empty: it holds the journal {there.journal_id} of epoch {there.epoch} "
        f"up to event {there.end.sequence}. Nothing was changed. Name another schema (journal.schema), or rename that "
        "one"
    )


def _finish(noted: NotedPlace, file: Path, wish: Wish) -> Moved:
    """The file of a journal that is in PostgreSQL already makes way, where all of it is there."""
    if not file.exists():
        raise NotMovedError(f"the journal of {wish.state_dir} is in PostgreSQL already, in the schema {noted.schema}")
    place = noted_server(noted, wish)
    with patient(place, PURPOSE, read_only=True) as connection, closing(sqlite3.connect(file)) as opened:
        there = journal_of_schema(connection, place.schema)
        end, epoch = last_point(opened), meta(opened, "epoch")
        if there is None or not _holds(connection, place.schema, end):
            raise NotMovedError(
                f"{file} is not what {schema_text(noted.schema)} was made of: nothing was changed. If it was begun to "
                "bring the journal back, say `solvent move-journal --to sqlite` again"
            )
    assert isinstance(epoch, int)
    kept = _make_way(file, wish)
    return Moved(
        JOURNAL_NAME, schema_text(noted.schema), there.journal_id, there.epoch, there.end.sequence, kept, finished=True
    )


def _holds(connection: Connection, schema: str, end: Point) -> bool:
    return end.sequence == 0 or hash_at(connection, schema, end.sequence) == end.hash


def _make_way(file: Path, wish: Wish) -> str:
    """Give the file another name; a kill in between leaves it to the next run."""
    kept = keep_aside(file, wish.now, MOVED)
    file.unlink()
    sync_directory(file.parent)
    return kept

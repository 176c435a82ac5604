"""Bringing a journal back from PostgreSQL into its file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.backups.files import alone, give_to_owner
from adapters.backups.keeping_aside import MOVED, keep_aside
from adapters.journal_moving.exporting import export_file
from adapters.journal_moving.lead import hold_lead
from adapters.journal_moving.outcomes import Moved, NotMovedError
from adapters.journal_moving.server import SchemaJournal, hash_at, journal_of_schema, patient, rename_aside
from adapters.journal_moving.stored import Connection
from adapters.journal_moving.wishes import (
    PURPOSE,
    Wish,
    begin_life,
    noted_server,
    refusals_as_not_moved,
    schema_text,
)
from adapters.journal_place import NotedPlace, forget_place, noted_place
from adapters.journal_rows.reading import last_point, point_at
from adapters.postgres_journal.beginning import named_aside
from adapters.sqlite_journal import JOURNAL_NAME, verify
from adapters.sqlite_journal.copying import sync_directory
from adapters.state_directory import StateDirectory


def move_into_file(wish: Wish) -> Moved:
    """Copy the journal of `journal.json` into the file, prove it, and give the schema another name.

    Raises `NotMovedError`, `HeldError` and `OSError`; then PostgreSQL's is the journal as before. A kill leaves
    PostgreSQL's or the file as the journal, never both: run it again.
    """
    with (
        refusals_as_not_moved(),
        StateDirectory.hold(wish.state_dir, instance=wish.instance, since=wish.now, by_daemon=False),
        alone(wish.state_dir, PURPOSE) as scratch,
    ):
        file, noted = wish.state_dir / JOURNAL_NAME, noted_place(wish.state_dir)
        if noted is None:
            raise NotMovedError(_not_there(wish, file))
        place = noted_server(noted, wish)
        with patient(place, PURPOSE) as connection:
            there = journal_of_schema(connection, noted.schema)
            if file.exists() and there is None:
                return _finish(connection, noted, file, wish)
            if there is None or there.journal_id != noted.journal_id:
                raise NotMovedError(_another(noted, there))
            if file.exists():
                _clear_way(connection, noted, there, file, wish)
            return _brought(connection, noted, scratch, wish)


def _brought(connection: Connection, noted: NotedPlace, scratch: Path, wish: Wish) -> Moved:
    file, prepared = wish.state_dir / JOURNAL_NAME, scratch / JOURNAL_NAME
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        hold_lead(connection, noted.schema)
        export_file(connection, noted.schema, prepared, wish.progress)
        damaged = verify(prepared)
        if damaged is not None:
            raise NotMovedError(f"the journal is damaged at event {damaged}: run `solvent verify`")
        journal_id, epoch, end = begin_life(prepared, schema_text(noted.schema), JOURNAL_NAME, wish.now)
        wish.require_folds(prepared)
        give_to_owner(prepared, wish.state_dir)
        prepared.replace(file)
        sync_directory(wish.state_dir)
        # Until this is committed, PostgreSQL's is the journal: `journal.json` says so.
        kept = rename_aside(connection, noted.schema, MOVED, wish.now)
    forget_place(wish.state_dir)
    return Moved(schema_text(noted.schema), JOURNAL_NAME, journal_id, epoch, end.sequence, kept)


def _finish(connection: Connection, noted: NotedPlace, file: Path, wish: Wish) -> Moved:
    """A move that was killed after the schema was given another name: the file is the journal."""
    for aside in reversed(named_aside(connection, noted.schema, MOVED)):
        there = _journal_aside(connection, aside)
        if there is None or there.journal_id != noted.journal_id:
            continue
        with closing(sqlite3.connect(file)) as opened:
            left, end = point_at(opened, there.end.sequence), last_point(opened)
        if left == there.end and end.sequence == there.end.sequence + 1:
            forget_place(wish.state_dir)
            epoch = there.epoch + 1
            return Moved(
                schema_text(noted.schema), JOURNAL_NAME, noted.journal_id, epoch, end.sequence, aside, finished=True
            )
    raise NotMovedError(_another(noted, None))


def _journal_aside(connection: Connection, aside: str) -> SchemaJournal | None:
    connection.execute(f'SET search_path = "{aside}"')
    return journal_of_schema(connection, aside)


def _clear_way(connection: Connection, noted: NotedPlace, there: SchemaJournal, file: Path, wish: Wish) -> None:
    """A move that was killed left a file beside a journal that is PostgreSQL's: see that all of it is there."""
    with closing(sqlite3.connect(file)) as opened:
        end = last_point(opened)
        before = point_at(opened, end.sequence - 1) if end.sequence else None
    if end.sequence and hash_at(connection, noted.schema, end.sequence) == end.hash:
        keep_aside(file, wish.now, MOVED)  # it made way for PostgreSQL's
    elif before is None or end.sequence != there.end.sequence + 1 or before != there.end:
        raise NotMovedError(
            f"{file} is not what a move from or to {schema_text(noted.schema)} leaves: nothing was changed. Keep it, "
            "move it aside, and try again"
        )
    file.unlink()
    sync_directory(file.parent)


def _not_there(wish: Wish, file: Path) -> str:
    if file.exists():
        return f"the journal of {wish.state_dir} is its {JOURNAL_NAME} already"
    return f"{wish.state_dir} has no journal: name the --state-dir of `solvent run`"


def _another(noted: NotedPlace, there: SchemaJournal | None) -> str:
    found = "no journal" if there is None else f"the journal {there.journal_id}"
    return (
        f"{schema_text(noted.schema)} holds {found}, and the state directory knows the journal {noted.journal_id}: "
        "nothing was changed. Its address leads to another database, or a backup must be restored"
    )

"""The journal of a PostgreSQL schema into a file of the format that a daemon with SQLite writes, one moment of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

from adapters.journal_moving.meta import CUSTOMER_KEY, JOURNAL_ID, schema_meta
from adapters.journal_moving.rows import Progress, Row, Table, Tally, silent, tables
from adapters.journal_moving.server import journal_of_schema, patient
from adapters.journal_moving.stored import Connection, stored_rows
from adapters.journal_rows.meta import set_meta
from adapters.postgres_journal.expected_tables import table_faults
from adapters.postgres_journal.place import PostgresPlace
from adapters.postgres_journal.schema import SCHEMA_VERSION, is_journal, require_known_version
from adapters.sqlite_journal.copying import sync_file
from adapters.sqlite_journal.schema import create_private_file, create_tables
from config.secret import Secret
from machines.ports.examination import Fault
from machines.ports.journal import JournalDamagedError, JournalRefusedError

BATCH_ROWS: Final = 1_000


def export_now(address: Secret, schema: str, journal_id: str, target: Path) -> None:
    """Write the journal of a server, as it is at this moment, into the new file `target`; its daemon goes on.

    Raises `JournalRefusedError` and `JournalDamagedError`, also where the schema holds another journal than
    `journal_id`, `OSError` and `sqlite3.Error`; then there is no `target`.
    """
    place = PostgresPlace(address, schema)
    with patient(place, "export", read_only=True) as connection, connection.transaction():
        # Also the transaction's first look: all that follows sees this moment.
        there = journal_of_schema(connection, schema)
        found = "no journal" if there is None else f"the journal {there.journal_id}"
        if there is None or there.journal_id != journal_id:
            raise JournalRefusedError(
                f"{place} is {found}, and the state directory knows the journal {journal_id}: its address leads to "
                "another database, or that schema was emptied or moved"
            )
        export_file(connection, schema, target)


def schema_faults_now(address: Secret, schema: str) -> list[Fault]:
    """What the schema has that no journal has, and what is missing; older tables are not judged.

    Raises `JournalRefusedError` and `JournalDamagedError`.
    """
    place = PostgresPlace(address, schema)
    with patient(place, "verify", read_only=True) as connection:
        judged = is_journal(connection, schema) and require_known_version(connection, schema) == SCHEMA_VERSION
        return table_faults(connection, schema) if judged else []


def export_file(connection: Connection, schema: str, target: Path, progress: Progress = silent) -> None:
    """Write what the running transaction sees into the new file `target` (mode 0600), synced to disk.

    Raises `FileExistsError`, `OSError`, `sqlite3.Error`, `psycopg.Error`, `JournalRefusedError` and
    `JournalDamagedError`; then there is no `target`.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    try:
        create_private_file(target)
        with closing(sqlite3.connect(target, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous=OFF")  # synced as a whole at the end
            _fill(file, connection, schema, progress)
            file.execute("PRAGMA journal_mode=DELETE")
        sync_file(target)
    except BaseException:
        for suffix in ("", "-wal", "-shm", "-journal"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        raise


def _fill(file: sqlite3.Connection, connection: Connection, schema: str, progress: Progress) -> None:
    facts = schema_meta(connection, schema)
    journal_id, key = facts.get(JOURNAL_ID), facts.get(CUSTOMER_KEY)
    if not isinstance(journal_id, str) or not isinstance(key, bytes):
        raise JournalDamagedError(f"the schema {schema} holds no journal: its table meta lacks what every journal has")
    create_tables(file, journal_id, key)
    file.execute("BEGIN")
    for name, value in facts.items():
        set_meta(file, name, value)
    for table in tables().values():
        sent, written = Tally(), Tally()
        _write(file, table, sent.counted(stored_rows(connection, schema, table), _told(progress, table)))
        for _ in written.counted(file.execute(f"SELECT {table.listed} FROM {table.name}")):  # noqa: S608 - our own names
            pass
        if sent != written:
            raise JournalRefusedError(f"the table {table.name} reads otherwise from the file than from PostgreSQL")
        progress(table.name, sent.rows, sent.rows)
    file.execute("COMMIT")


def _told(progress: Progress, table: Table) -> Callable[[int], None]:
    return lambda rows: progress(table.name, rows, 0)


def _write(file: sqlite3.Connection, table: Table, rows: Iterator[Row]) -> None:
    places = ", ".join("?" * len(table.columns))
    statement = f"INSERT INTO {table.name} ({table.listed}) VALUES ({places})"  # noqa: S608 - our own names
    while batch := list(islice(rows, BATCH_ROWS)):
        file.executemany(statement, batch)

"""A journal's file into the empty tables of a PostgreSQL schema: by COPY, in the caller's transaction, and proven."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from psycopg import sql

from adapters.journal_moving.meta import file_meta, schema_meta, write_meta
from adapters.journal_moving.rows import EVENTS, SNAPSHOTS, Progress, Row, Table, Tally, silent, tables
from adapters.journal_moving.stored import Connection, parts_table, stored_rows
from adapters.journal_moving.wishes import BUSY_TIMEOUT_MS
from adapters.journal_rows.chain import ChainBreakError, StoredEvent, checked
from adapters.journal_rows.reading import Point, anchor
from adapters.postgres_journal.literals import storable
from adapters.postgres_journal.snapshot_parts import IN_PARTS, packed_parts, put_part
from adapters.sqlite_journal.schema import connect
from machines.ports.journal import JournalDamagedError, JournalRefusedError


def import_file(connection: Connection, schema: str, path: Path, progress: Progress = silent) -> Point:
    """Fill the tables of `schema` with the journal at `path`, within the running transaction; the journal's end.

    What stood in them goes. The chain is proven on its way in, and again as PostgreSQL has it, with every other row.
    Raises `JournalDamagedError`, `JournalRefusedError` and `psycopg.Error`; the caller takes its transaction back.
    """
    with closing(connect(path, BUSY_TIMEOUT_MS, read_only=True)) as file:
        file.execute("BEGIN")
        for table in tables().values():
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table.name)))
        connection.execute(sql.SQL("DELETE FROM {}").format(parts_table(schema)))
        write_meta(connection, schema, file_meta(file))
        end = anchor(file)
        for table in tables().values():
            sent = _sent(connection, schema, table, file, progress)
            arrived, last = _arrived(connection, schema, table, anchor(file))
            if sent != arrived:
                raise JournalRefusedError(
                    f"the table {table.name} differs in PostgreSQL: {sent.rows} rows were sent and {arrived.rows} "
                    "arrived, or they read otherwise. Nothing was changed"
                )
            end = end if last is None else last
        if schema_meta(connection, schema) != file_meta(file):
            raise JournalRefusedError("the table meta differs in PostgreSQL. Nothing was changed")
        return end


def _sent(connection: Connection, schema: str, table: Table, file: sqlite3.Connection, progress: Progress) -> Tally:
    total: int = file.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # noqa: S608 - our own names
    rows: Iterator[Row] = iter(file.execute(f"SELECT {table.listed} FROM {table.name}"))  # noqa: S608 - our own names
    tally = Tally()
    if table.name == SNAPSHOTS:
        rows = _with_states_in_parts(connection, schema, table, tally.counted(rows))
        _send(connection, schema, table, list(rows))
    else:
        _send(connection, schema, table, tally.counted(rows, lambda done: progress(table.name, done, total)))
    progress(table.name, tally.rows, total)
    return tally


def _send(connection: Connection, schema: str, table: Table, rows: Iterable[Row]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([storable(value) for value in row])


def _with_states_in_parts(connection: Connection, schema: str, table: Table, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of snapshots as PostgreSQL has them: their states go into the table of parts."""
    digest = table.columns.index("digest")
    for row in rows:
        *facts, state = row
        for number, part in enumerate(packed_parts(state if isinstance(state, bytes) else b"")):
            put_part(connection, row[digest], number, part, parts_table(schema))
        yield (*facts, IN_PARTS)


def _arrived(connection: Connection, schema: str, table: Table, start: Point) -> tuple[Tally, Point | None]:
    """What PostgreSQL has now; of the events also the end of their chain."""
    tally, last = Tally(), None
    rows = tally.counted(stored_rows(connection, schema, table))
    if table.name != EVENTS:
        for _ in rows:
            pass
        return tally, None
    try:
        for event in checked((StoredEvent(*row) for row in rows), start.sequence, start.hash):
            last = Point(event.sequence, event.hash, event.recorded_at)
    except ChainBreakError as broken:
        raise JournalDamagedError(f"the journal's chain breaks: {broken}. Run `solvent verify`") from broken
    return tally, last

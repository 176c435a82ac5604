"""The rows that a schema of PostgreSQL stores, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from adapters.journal_moving.rows import SNAPSHOTS, Row, Table
from adapters.postgres_journal.literals import understood
from adapters.postgres_journal.snapshot_parts import stored_state

Connection = psycopg.Connection[Any]


def stored_rows(connection: Connection, schema: str, table: Table) -> Iterator[Row]:
    """The rows of a table, in the order of its first column, as they come; memory does not grow with them."""
    if table.name == SNAPSHOTS:
        yield from _stored_snapshots(connection, schema, table)
        return
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.Identifier(schema, table.name),
        sql.Identifier(table.columns[0]),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(table.types)
        for row in copy.rows():
            yield tuple(understood(value) for value in row)


def parts_table(schema: str) -> sql.Identifier:
    """Where the states of a schema's snapshots are."""
    return sql.Identifier(schema, "snapshot_parts")


def _stored_snapshots(connection: Connection, schema: str, table: Table) -> Iterator[Row]:
    """Each with its state, which stands in parts beside it."""
    facts = [name for name in table.columns if name != "state"]
    assert table.columns == (*facts, "state")
    statement = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(map(sql.Identifier, facts)),
        sql.Identifier(schema, table.name),
        sql.Identifier(table.columns[0]),
    )
    for row in connection.execute(statement).fetchall():
        digest = row[facts.index("digest")]
        yield (*row, stored_state(connection, digest, parts_table(schema)))

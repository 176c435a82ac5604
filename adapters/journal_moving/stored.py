"""The rows that a schema of PostgreSQL stores, as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from adapters.journal_moving.rows import Row, Table
from adapters.postgres_journal.literals import understood

Connection = psycopg.Connection[Any]


def stored_rows(connection: Connection, schema: str, table: Table) -> Iterator[Row]:
    """The rows of a table, in the order of its first column, as they come; memory does not grow with them."""
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        sql.Identifier(schema, table.name),
        sql.Identifier(table.columns[0]),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(table.types)
        for row in copy.rows():
            yield tuple(understood(value) for value in row)

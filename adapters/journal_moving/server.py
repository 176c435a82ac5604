"""The server's side of a move: patient connections, and what a schema holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import psycopg
from psycopg import sql

from adapters.journal_moving.meta import EPOCH, JOURNAL_ID, schema_meta
from adapters.journal_moving.stored import Connection
from adapters.journal_rows.reading import Point
from adapters.postgres_journal.beginning import SCHEMA_CHARACTERS_MAX, named_aside
from adapters.postgres_journal.place import TRANSACTION_TIMEOUT_FROM, PostgresPlace, connect, said
from adapters.postgres_journal.schema import is_journal, require_known_version
from config.instants import Instant, datetime_from_instant
from machines.ports.journal import JournalRefusedError

ANSWER_LIMIT_S: Final = 600.0
"""A copy of millions of rows is answered in the end; a server that is silent for so long is away."""


class SchemaJournal(msgspec.Struct, frozen=True):
    """The journal that a schema holds, and its last event."""

    journal_id: str
    epoch: int
    end: Point
    last_type: str
    before: bytes
    """The hash of the event before the last one; empty where there is none."""


@contextmanager
def patient(place: PostgresPlace, name: str, *, read_only: bool = False) -> Iterator[Connection]:
    """A connection without limits on long work; raises `JournalRefusedError` for whatever the server refuses."""
    try:
        with connect(place, name, read_only=read_only) as connection:
            connection.answer_limit_s = ANSWER_LIMIT_S
            limits = ["statement_timeout", "idle_in_transaction_session_timeout"]
            if connection.info.server_version >= TRANSACTION_TIMEOUT_FROM:
                limits.append("transaction_timeout")
            connection.execute("; ".join(f"SET {each} = 0" for each in limits))
            yield connection
    except psycopg.Error as error:
        raise JournalRefusedError(f"the journal {place}: {said(place, error)}. Nothing was changed there") from error


def holds_journal(connection: Connection, schema: str) -> bool:
    """Whether there is a journal of a version that is known; raises `JournalDamagedError` for anything else there."""
    if not is_journal(connection, schema):
        return False
    require_known_version(connection, schema)
    return True


def journal_of_schema(connection: Connection, schema: str) -> SchemaJournal | None:
    """The journal that a schema holds; None for one without a single event. Raises `JournalDamagedError`."""
    if not holds_journal(connection, schema):
        return None
    table = sql.Identifier(schema, "events")
    rows = connection.execute(
        sql.SQL("SELECT sequence, hash, recorded_at, type FROM {} ORDER BY sequence DESC LIMIT 2").format(table)
    ).fetchall()
    facts = schema_meta(connection, schema)
    if not rows:
        return None
    sequence, last_hash, recorded_at, last_type = rows[0]
    epoch = facts.get(EPOCH)
    return SchemaJournal(
        str(facts.get(JOURNAL_ID, "")),
        epoch if isinstance(epoch, int) else 0,
        Point(sequence, bytes(last_hash), recorded_at),
        last_type,
        bytes(rows[1][1]) if len(rows) > 1 else b"",
    )


def hash_at(connection: Connection, schema: str, sequence: int) -> bytes | None:
    """The hash of one event; None where it is not stored."""
    statement = sql.SQL("SELECT hash FROM {} WHERE sequence = %s").format(sql.Identifier(schema, "events"))
    row = connection.execute(statement, (sequence,)).fetchone()
    return None if row is None else bytes(row[0])


def rename_aside(connection: Connection, schema: str, word: str, now: Instant) -> str:
    """Give the schema another name, within the running transaction: whoever still knows the old one finds nothing."""
    wished = f"{schema[:SCHEMA_CHARACTERS_MAX]}_{word}_{datetime_from_instant(now):%Y%m%dt%H%M%S}"
    taken = set(named_aside(connection, schema, word))
    names = (wished, *(f"{wished}_{number}" for number in range(2, len(taken) + 2)))
    aside = next(name for name in names if name not in taken)
    statement = sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(schema), sql.Identifier(aside))
    connection.execute(statement)
    return aside

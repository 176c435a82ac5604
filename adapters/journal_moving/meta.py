"""The small facts of a journal: a file stores values of several types, PostgreSQL each as text."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from psycopg import sql

from adapters.journal_moving.stored import Connection
from machines.ports.journal import JournalDamagedError

Facts = Mapping[str, str | int | bytes]
JOURNAL_ID: Final = "journal_id"
EPOCH: Final = "epoch"
CUSTOMER_KEY: Final = "customer_key"
_TEXTS: Final = (JOURNAL_ID,)
_NUMBERS: Final = (EPOCH, "anchor_sequence", "anchor_recorded_at")
_BYTES: Final = (CUSTOMER_KEY, "anchor_hash")
_OF_A_JOURNAL: Final = (*_TEXTS, *_NUMBERS, *_BYTES)
"""Other facts in PostgreSQL are of the schema and stay where they are, such as its version."""


def file_meta(file: sqlite3.Connection) -> Facts:
    """The facts of a file; raises `JournalDamagedError` where they are not those of a journal."""
    facts: Facts = dict(file.execute("SELECT key, value FROM meta"))
    kinds = {**dict.fromkeys(_TEXTS, str), **dict.fromkeys(_NUMBERS, int), **dict.fromkeys(_BYTES, bytes)}
    strange = [key for key, value in facts.items() if kinds.get(key) is not type(value)]
    if strange:
        raise JournalDamagedError(f"meta: {', '.join(strange)} is not what a journal has there; run `solvent verify`")
    return facts


def schema_meta(connection: Connection, schema: str) -> Facts:
    """The facts that a schema holds of its journal."""
    statement = sql.SQL("SELECT key, value FROM {}").format(sql.Identifier(schema, "meta"))
    try:
        return {key: _value(key, text) for key, text in connection.execute(statement) if key in _OF_A_JOURNAL}
    except ValueError as strange:
        raise JournalDamagedError(f"the table meta of the schema {schema} cannot be understood: {strange}") from strange


def write_meta(connection: Connection, schema: str, facts: Facts) -> None:
    """Replace the facts of the journal in a schema, within the running transaction."""
    table = sql.Identifier(schema, "meta")
    connection.execute(sql.SQL("DELETE FROM {} WHERE key = ANY(%s)").format(table), (list(_OF_A_JOURNAL),))
    with connection.cursor() as cursor:
        statement = sql.SQL("INSERT INTO {} (key, value) VALUES (%s, %s)").format(table)
        cursor.executemany(statement, [(key, _text(value)) for key, value in facts.items()])


def _text(value: str | int | bytes) -> str:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _value(key: str, text: str) -> str | int | bytes:
    if key in _NUMBERS:
        return int(text)
    return bytes.fromhex(text.removeprefix("\\x")) if key in _BYTES else text

"""The tables of the journal in PostgreSQL, made in one transaction, once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from psycopg import Connection
from psycopg.errors import InsufficientPrivilege

from adapters.journal_rows.definitions import PROJECTION_TABLES, RECORD_TABLES
from adapters.postgres_journal.literals import bound
from adapters.postgres_journal.rights import READING, WRITING, require_rights
from machines.ports.journal import JournalDamagedError

SCHEMA_VERSION: Final = 2
"""Stored in `meta` as `schema_version`; the tables are those of the SQLite file of the same number. A higher one was
written by a newer solvent; a lower one is migrated when the daemon that leads opens the journal."""
_PARTS_TABLE: Final = """CREATE TABLE snapshot_parts (
        digest BYTEA NOT NULL,
        part BIGINT NOT NULL,
        state BYTEA NOT NULL,
        PRIMARY KEY (digest, part)
    )"""
"""The states of snapshots (`snapshot_parts`); here only, for a file takes a large one as it is."""
LEASE_TABLES: Final = {
    "lease": """CREATE TABLE lease (
        "only" BOOLEAN PRIMARY KEY DEFAULT true CHECK ("only"),
        fencing BIGINT NOT NULL DEFAULT 0,
        renewals BIGINT NOT NULL DEFAULT 0,
        holder TEXT NOT NULL DEFAULT '',
        http TEXT NOT NULL DEFAULT '',
        version TEXT NOT NULL DEFAULT '',
        since TIMESTAMPTZ,
        seen_at TIMESTAMPTZ,
        ttl_ms BIGINT NOT NULL DEFAULT 0,
        wanted TEXT NOT NULL DEFAULT '',
        handing_over BOOLEAN NOT NULL DEFAULT false,
        given_back BIGINT NOT NULL DEFAULT 0
    )""",
    "daemons": """CREATE TABLE daemons (
        name TEXT PRIMARY KEY,
        http TEXT,
        version TEXT,
        since TIMESTAMPTZ,
        seen_at TIMESTAMPTZ,
        folded_sequence BIGINT
    )""",
}
_FIRST_LEASE: Final = "INSERT INTO lease DEFAULT VALUES"
_META_COLUMNS: Final = """
    SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relname = 'meta'
        JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ?
    WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attname"""
_INDEXES: Final = ("CREATE INDEX payments_of_customers ON payments (customer_hash) WHERE customer_hash <> ''",)
"""A customer is forgotten without reading every payment."""
_SPELLINGS: Final = (
    (re.compile(r"\bINTEGER\b"), "BIGINT"),
    (re.compile(r"\bBLOB\b"), "BYTEA"),
    (re.compile(r"\bANY\b"), "TEXT"),
    (re.compile(r"\)\s*STRICT(, WITHOUT ROWID)?\s*\Z"), ")"),
)


def table_statements() -> Iterator[str]:
    """What makes all tables: SQLite's definitions in PostgreSQL's types, and those that only daemons on it need."""
    for statement in (*RECORD_TABLES, *PROJECTION_TABLES):
        text = statement
        for pattern, instead in _SPELLINGS:
            text = pattern.sub(instead, text)
        yield text
    yield from (_PARTS_TABLE, *LEASE_TABLES.values(), _FIRST_LEASE, *_INDEXES)


@cache
def _own_tables() -> frozenset[str]:
    return frozenset(name for statement in table_statements() for name in re.findall(r"CREATE TABLE (\w+)", statement))


def ensure_schema(connection: Connection[Any], schema: str, random_bytes: Callable[[int], bytes] = os.urandom) -> bool:
    """Make the schema and all its tables where they are missing, and name the journal; whether it made them.

    `connection` comes from `place.connect`. It may be called by several daemons at once: one makes them, the others
    wait. Older tables are left as they are. Raises `JournalDamagedError` for a schema that is not a journal's or newer
    than this code, `JournalRefusedError` where the role may not use the tables, and `psycopg.Error`.
    """
    if is_journal(connection, schema, WRITING):
        require_known_version(connection, schema)
        return False
    with connection.transaction():
        advisory_lock(connection, schema)
        made = not is_journal(connection, schema, WRITING)
        if made:
            _make(connection, schema, random_bytes)
    require_known_version(connection, schema)
    return made


def advisory_lock(connection: Connection[Any], schema: str) -> None:
    """Let nobody else make tables of this schema until the running transaction ends."""
    connection.execute(f"SELECT pg_advisory_xact_lock(hashtextextended('solvent journal {_plain(schema)}', 0))")


def is_journal(connection: Connection[Any], schema: str, rights: Sequence[str] = READING) -> bool:
    """Whether the schema holds a journal.

    Raises `JournalDamagedError` where it holds anything else, and `JournalRefusedError` where the role has not these
    `rights` in it.
    """
    found = connection.execute(
        bound("SELECT tablename FROM pg_tables WHERE schemaname = ? ORDER BY tablename", (schema,))
    ).fetchall()
    tables = [name for (name,) in found]
    if not tables:
        return False
    is_ours = {"meta", "events"} <= {*tables}
    if is_ours and connection.execute(bound(_META_COLUMNS, (schema,))).fetchall() == [("key",), ("value",)]:
        require_rights(connection, schema, _own_tables(), rights)
        if _version(connection) is not None:
            return True
    raise JournalDamagedError(
        f"the schema {schema} of PostgreSQL holds tables ({', '.join(tables[:5])}) that are not a journal of solvent. "
        "Nothing was changed. Name another schema (journal.schema), one that is empty or missing"
    )


def require_known_version(connection: Connection[Any], schema: str) -> int:
    """The version of the tables; raises `JournalDamagedError` where a newer solvent made them."""
    version = _version(connection) or 0
    if version > SCHEMA_VERSION:
        raise JournalDamagedError(
            f"the journal in PostgreSQL, schema {schema}, was written by a newer solvent: its tables are version "
            f"{version}, this one reads up to {SCHEMA_VERSION}. Nothing was changed. Install that version again"
        )
    return version


def _version(connection: Connection[Any]) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    return int(row[0]) if row is not None and str(row[0]).isdecimal() else None


def _make(connection: Connection[Any], schema: str, random_bytes: Callable[[int], bytes]) -> None:
    there = connection.execute(bound("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,))).fetchone()
    if there is None:
        connection.execute(f'CREATE SCHEMA "{_plain(schema)}"')
    rights = "SELECT has_schema_privilege(?, 'USAGE') AND has_schema_privilege(?, 'CREATE')"
    if connection.execute(bound(rights, (schema, schema))).fetchone() != (True,):
        raise InsufficientPrivilege(f"permission denied for schema {schema}")
    for statement in table_statements():
        connection.execute(statement)
    facts = {
        "schema_version": str(SCHEMA_VERSION),
        "journal_id": random_bytes(16).hex(),
        "epoch": "1",
        "customer_key": "\\x" + random_bytes(32).hex(),
        "writer": "",
    }
    for key, value in facts.items():
        connection.execute(bound("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value)))


def _plain(schema: str) -> str:
    """The name, which stands in a statement: `config.settings.journal` lets nothing else through."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", schema), "a schema's name is small letters, digits and _"
    return schema

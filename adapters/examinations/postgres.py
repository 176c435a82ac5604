"""What a PostgreSQL that holds a journal shows: whether it is the primary and keeps its promises."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg

from adapters.examinations.postgres_facts import PostgresFacts
from adapters.postgres_journal.place import PostgresPlace, connect, said
from adapters.postgres_journal.schema import SCHEMA_VERSION, is_journal, require_known_version
from machines.ports.journal import JournalRefusedError


def postgres_facts(place: PostgresPlace) -> PostgresFacts:
    """One look; nothing is changed. Raises `JournalRefusedError` and `JournalDamagedError`."""
    try:
        with connect(place, "doctor", read_only=True) as connection:
            facts = _server(connection, place.schema)
            if not is_journal(connection, place.schema):
                return facts
            version = require_known_version(connection, place.schema)
            newest = connection.execute("SELECT coalesce(max(sequence), 0) FROM events").fetchone()
            assert newest is not None
            return msgspec.structs.replace(facts, schema_version=version, last_sequence=int(newest[0]))
    except psycopg.Error as error:
        raise JournalRefusedError(f"the journal {place}: {said(place, error)}") from error


def _server(connection: psycopg.Connection[Any], schema: str) -> PostgresFacts:
    names = ("server_version", "fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")
    found = dict(
        connection.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) name", (list(names),)).fetchall()
    )
    row = connection.execute(
        "SELECT pg_is_in_recovery(), (SELECT count(*) FROM pg_stat_replication),"
        " to_regnamespace(%(schema)s) IS NOT NULL,"
        " has_database_privilege(current_database(), 'CREATE'),"
        " coalesce(has_schema_privilege(to_regnamespace(%(schema)s), 'CREATE'), false)",
        {"schema": schema},
    ).fetchone()
    assert row is not None
    in_recovery, replicas, exists, may_make_schema, may_make_tables = row
    missing = []
    if not exists and not may_make_schema:
        missing.append("make the schema (GRANT CREATE ON DATABASE)")
    if exists and not may_make_tables:
        missing.append("make tables in it (ALTER SCHEMA … OWNER TO)")
    return PostgresFacts(
        version=found["server_version"],
        is_primary=not in_recovery,
        off=tuple(name for name in names[1:4] if found[name] in {"off", "local"}),
        synchronous_standbys=found["synchronous_standby_names"],
        schema_version_known=SCHEMA_VERSION,
        replicas=int(replicas),
        missing_rights=tuple(missing),
    )

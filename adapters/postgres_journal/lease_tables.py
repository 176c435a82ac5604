"""Making anew what somebody deleted of the lease's tables, which hold nothing that the journal's events do not tell."""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

from adapters.postgres_journal.literals import bound
from adapters.postgres_journal.schema import LEASE_TABLES, advisory_lock
from machines.event_codec import decode_event
from machines.events import Started

TOKENS_SKIPPED: Final = 1_000
"""A daemon that took the lead and ended before its event Started left no trace of its token: these are passed over."""
LOST_HOLDER: Final = "whoever led when the lease was deleted"
"""Whoever that is may still lead by its own clock: the others wait for the time of a lease, as for any dead leader."""
_THERE: Final = "SELECT tablename FROM pg_tables WHERE schemaname = ? AND tablename IN ('lease', 'daemons')"
_STARTS: Final = "SELECT version, data FROM events WHERE type = 'Started' ORDER BY sequence DESC LIMIT 1000"
_ANEW: Final = """
    INSERT INTO lease (fencing, holder, since, seen_at) VALUES (?, ?, clock_timestamp(), clock_timestamp())
    ON CONFLICT DO NOTHING"""


def mend_lease(connection: Connection[Any], schema: str) -> list[str]:
    """Make what is missing of the tables `lease` and `daemons`; what was made, in sentences. Raises `psycopg.Error`."""
    if not _missing(connection, schema):
        return []
    with connection.transaction():
        advisory_lock(connection, schema)
        missing = _missing(connection, schema)
        for name in missing:
            if name in LEASE_TABLES:
                connection.execute(LEASE_TABLES[name])
        if not connection.execute("SELECT 1 FROM lease").fetchone():
            connection.execute(bound(_ANEW, (_newest_token(connection) + TOKENS_SKIPPED, LOST_HOLDER)))
    return [
        f"somebody deleted the {'table' if name in LEASE_TABLES else ''} {name} of the schema {schema}: it was made "
        "anew. Find out who did".replace("  ", " ")
        for name in missing
    ]


def _missing(connection: Connection[Any], schema: str) -> list[str]:
    there = {str(name) for (name,) in connection.execute(bound(_THERE, (schema,))).fetchall()}
    missing = [name for name in LEASE_TABLES if name not in there]
    if "lease" in there and not connection.execute("SELECT 1 FROM lease").fetchone():
        missing.append("row of the lease")
    return missing


def _newest_token(connection: Connection[Any]) -> int:
    """The highest token of the newest starts: tokens rise, so that older events hold none that is higher."""
    tokens = [0]
    for version, data in connection.execute(_STARTS).fetchall():
        event = decode_event("Started", version, data)
        tokens.append(event.fencing if isinstance(event, Started) else 0)
    return max(tokens)

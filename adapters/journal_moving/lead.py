"""The lead over a journal while it is moved: nobody has it, nobody can take it, and who had it is fenced."""

from __future__ import annotations

from typing import Final

from psycopg import sql

from adapters.journal_moving.stored import Connection
from machines.ports.journal import JournalRefusedError

STANDBY_HEARD_WITHIN_S: Final = 15
"""A standby says several times a second that it is there: one that is silent for so long is dead, or cut off."""


def hold_lead(connection: Connection, schema: str) -> None:
    """Keep the lead from everybody until the running transaction ends, and fence whoever had it.

    Raises `JournalRefusedError` where a daemon leads or stands by.
    """
    lease, daemons = sql.Identifier(schema, "lease"), sql.Identifier(schema, "daemons")
    held = connection.execute(
        sql.SQL(
            "SELECT holder, abs(extract(epoch FROM clock_timestamp() - seen_at)) < ttl_ms / 1000.0 FROM {} FOR UPDATE"
        ).format(lease)
    ).fetchone()
    if held is not None and held[0] and held[1]:
        raise JournalRefusedError(
            f"{held[0]} leads the journal in the schema {schema}: stop that daemon, or wait until its lease ran out, "
            "and try again. Nothing was changed"
        )
    waiting = connection.execute(
        sql.SQL("SELECT name FROM {} WHERE seen_at > clock_timestamp() - make_interval(secs => %s)").format(daemons),
        (STANDBY_HEARD_WITHIN_S,),
    ).fetchall()
    if waiting:
        names = ", ".join(sorted(name for (name,) in waiting))
        raise JournalRefusedError(
            f"{names} stands by at the journal in the schema {schema}: stop that daemon first, and try again "
            f"{STANDBY_HEARD_WITHIN_S} s after its last sign. Nothing was changed"
        )
    connection.execute(sql.SQL("UPDATE {} SET fencing = fencing + 1, holder = ''").format(lease))
    meta = sql.Identifier(schema, "meta")
    connection.execute(sql.SQL("UPDATE {} SET value = '' WHERE key = 'writer'").format(meta))


def fencing_of(connection: Connection, schema: str) -> int:
    """The highest fencing token that was given."""
    row = connection.execute(
        sql.SQL("SELECT coalesce(max(fencing), 0) FROM {}").format(sql.Identifier(schema, "lease"))
    ).fetchone()
    return 0 if row is None else int(row[0])


def fence_after(connection: Connection, schema: str, fencing: int) -> None:
    """Let the next token be higher than `fencing`, within the running transaction."""
    statement = sql.SQL("UPDATE {} SET fencing = greatest(fencing, %s)").format(sql.Identifier(schema, "lease"))
    connection.execute(statement, (fencing,))

"""What the role of `journal.url` may do with the tables, and which GRANT is missing.

`information_schema` hides what a role may not read: a journal would look like the tables of a stranger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from psycopg import Connection

from adapters.postgres_journal.literals import bound
from machines.ports.journal import JournalRefusedError

READING: Final = ("SELECT",)
WRITING: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
_NAMED_MAX: Final = 3
_KEPT_FROM: Final = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ? AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, ?) ORDER BY c.relname"""


def require_rights(connection: Connection[Any], schema: str, tables: Collection[str], rights: Sequence[str]) -> None:
    """Raise `JournalRefusedError` where the role may not use the schema, or one of these tables in it, so."""
    role = str(_first(connection, "SELECT current_user", ()))
    if not _first(connection, "SELECT has_schema_privilege(?, 'USAGE')", (schema,)):
        raise JournalRefusedError(_told(schema, role, "use the schema", rights))
    for right in rights:
        found = connection.execute(bound(_KEPT_FROM, (schema, right))).fetchall()
        kept = [str(name) for (name,) in found if name in tables]
        if kept:
            named = ", ".join(kept[:_NAMED_MAX]) + (f" and {len(kept) - _NAMED_MAX} more" * (len(kept) > _NAMED_MAX))
            raise JournalRefusedError(_told(schema, role, f"{right} in {named}", rights))


def _told(schema: str, role: str, what: str, rights: Sequence[str]) -> str:
    return (
        f"the schema {schema} of PostgreSQL is there, and the role {role} of journal.url may not {what}. Nothing was "
        f"changed. As the owner of the tables, GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT {', '.join(rights)} ON "
        f"ALL TABLES IN SCHEMA {schema} TO {role}; or let journal.url name the role that owns them"
    )


def _first(connection: Connection[Any], statement: str, values: tuple[str, ...]) -> Any:
    row = connection.execute(bound(statement, values)).fetchone()
    return None if row is None else row[0]

"""Where a daemon may begin a journal: never in place of one that it knows, or of one that was moved away."""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection

from adapters.postgres_journal.literals import bound
from machines.ports.journal import JournalRefusedError

SCHEMA_CHARACTERS_MAX: Final = 40
"""Of a schema's name before the word and the time it was put aside: PostgreSQL cuts names after 63."""
MOVED_WORD: Final = "moved"


def named_aside(connection: Connection[Any], schema: str, word: str) -> list[str]:
    """The schemas that were given such a name when they were put aside, oldest first."""
    pattern = f"{schema[:SCHEMA_CHARACTERS_MAX]}_{word}_"
    rows = connection.execute(bound("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, ?)", (pattern,)))
    return sorted(str(name) for (name,) in rows.fetchall())


def require_none_before(connection: Connection[Any], schema: str, known: str) -> None:
    """Before a journal is made where there is none: raise `JournalRefusedError` where one was there before.

    `known` is the journal that the state directory knows; empty where it knows none.
    """
    aside = named_aside(connection, schema, MOVED_WORD)
    if aside:
        raise JournalRefusedError(
            f"the journal of the schema {schema} of PostgreSQL was moved away with `solvent move-journal` and is kept "
            f"as {aside[-1]}: nothing was begun in its place. Start the daemon where the journal is now; to begin a "
            f"new, empty journal there on purpose, drop or rename {', '.join(aside)}"
        )
    if known:
        raise JournalRefusedError(
            f"the schema {schema} of PostgreSQL holds no journal, and this state directory knows the journal {known}: "
            "nothing was begun in its place. journal.url leads to another database, or the schema was dropped or "
            "renamed: name the right one, or restore a backup. To begin a new, empty journal on purpose, move "
            "journal.json aside"
        )

"""PostgreSQL's errors in the words of the port."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import errors

from adapters.postgres_journal.place import PostgresPlace, said
from machines.ports.journal import JournalDamagedError, JournalRefusedError

_CHANGED: Final = (errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidSchemaName, errors.IntegrityError)
_SERVER_DAMAGED: Final = (errors.DataCorrupted, errors.IndexCorrupted)


def translated(place: PostgresPlace, error: BaseException) -> BaseException:
    """The same in the words of the port; an error of another kind as it is."""
    if isinstance(error, MemoryError):
        return JournalRefusedError(f"the journal {place} cannot be written: no memory is left")
    if not isinstance(error, psycopg.Error):
        return error
    text = said(place, error)
    if isinstance(error, _CHANGED):
        return JournalDamagedError(f"the journal {place} was changed by somebody else while it was open: {text}")
    if isinstance(error, _SERVER_DAMAGED):
        return JournalDamagedError(f"the journal {place} is damaged: {text}; restore a backup")
    if isinstance(error, errors.InsufficientPrivilege):
        return JournalRefusedError(
            f"the journal {place} may not be used: {text}; let its role make tables there: GRANT USAGE, CREATE ON "
            f"SCHEMA {place.schema} TO the role of journal.url, which must own the tables that are there already"
        )
    if isinstance(error, psycopg.DataError):
        return ValueError(f"PostgreSQL cannot store a value: {text}")
    return JournalRefusedError(f"the journal {place} cannot be reached or takes nothing: {text}")

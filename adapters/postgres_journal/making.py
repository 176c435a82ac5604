"""Making a journal's tables at a daemon's start, where one may be begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

from psycopg import Error

from adapters.postgres_journal.beginning import require_none_before
from adapters.postgres_journal.lease_tables import mend_lease
from adapters.postgres_journal.place import PostgresPlace, connect, said
from adapters.postgres_journal.rights import WRITING
from adapters.postgres_journal.schema import ensure_schema, is_journal
from machines.ports.lease import LeaseAwayError

_Result = TypeVar("_Result")


async def make_tables(place: PostgresPlace, known: str = "") -> list[str]:
    """Make the journal's tables where there are none, and what is missing of the lease's; what was amiss, in sentences.

    Older tables stay as they are: only the daemon that leads migrates them. `known` is the journal that the state
    directory knows: none is begun in its place. Raises `JournalDamagedError` for a schema that holds anything else,
    `JournalRefusedError`, and `LeaseAwayError`.
    """

    def make() -> list[str]:
        with closing(connect(place, "making tables")) as connection:
            if not is_journal(connection, place.schema, WRITING):
                require_none_before(connection, place.schema, known)
            ensure_schema(connection, place.schema)
            return mend_lease(connection, place.schema)

    return await _away_on_error(place, make)


async def would_begin(place: PostgresPlace, known: str) -> bool:
    """Whether `make_tables` would begin a new journal; raises as it does."""

    def look() -> bool:
        with closing(connect(place, "looking for tables")) as connection:
            if is_journal(connection, place.schema):
                return False
            require_none_before(connection, place.schema, known)
            return True

    return await _away_on_error(place, look)


async def _away_on_error(place: PostgresPlace, run: Callable[[], _Result]) -> _Result:
    try:
        return await asyncio.to_thread(run)
    except (Error, OSError) as error:
        raise LeaseAwayError(f"PostgreSQL does not answer about the lease: {said(place, error)}") from None

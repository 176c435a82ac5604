"""Reading the journal of a daemon from PostgreSQL: `solvent status` beside it, from the primary or a replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar

import psycopg

from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.read_only import ReadOnlyRowsJournal
from adapters.journal_rows.reading import SnapshotRow, identity_of
from adapters.journal_rows.statements import Statements
from adapters.postgres_journal.batches import Batch, opening_batch
from adapters.postgres_journal.faults import translated
from adapters.postgres_journal.place import PostgresPlace
from adapters.postgres_journal.schema import is_journal, require_known_version
from adapters.postgres_journal.snapshot_parts import row_with_parts

_Result = TypeVar("_Result")


class ReadOnlyPostgresJournal(ReadOnlyRowsJournal[Batch]):
    """The journal of a schema; the server refuses whatever would write, too."""

    def __init__(self, place: PostgresPlace, batch: Batch, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only."""
        super().__init__(str(place), batch, fold_version, limits, mending="It needs a backup")
        self._place = place

    @classmethod
    def open(
        cls,
        place: PostgresPlace,
        *,
        fold_version: int,
        limits: JournalLimits = JournalLimits(),  # noqa: B008 - frozen
        journal_id: str = "",
    ) -> Self:
        """Connect, never making anything.

        Raises `FileNotFoundError` where the schema holds no journal, or another one than `journal_id` where that is
        given, `JournalDamagedError` for one that is none of ours, and `JournalRefusedError` where it cannot be reached.
        """
        with opening_batch(place, "reading", read_only=True) as batch:
            _require_journal(batch, place)
            _require_wanted(batch, place, journal_id)
            return cls(place, batch, fold_version, limits)

    async def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _snapshot_row(self, connection: Statements, sequence: int) -> SnapshotRow | None:
        return row_with_parts(connection, sequence)

    def _asked(self, run: Callable[[Batch], _Result]) -> _Result:
        try:
            return run(self._connection)
        except psycopg.Error as error:
            raise translated(self._place, error) from None


def _require_journal(batch: Batch, place: PostgresPlace) -> None:
    if not is_journal(batch.connection, place.schema):
        raise FileNotFoundError(f"there is no journal {place} yet")
    require_known_version(batch.connection, place.schema)


def _require_wanted(batch: Batch, place: PostgresPlace, journal_id: str) -> None:
    found = identity_of(batch).journal_id
    if journal_id and found != journal_id:
        raise FileNotFoundError(f"the journal {place} is {found}, not {journal_id}")

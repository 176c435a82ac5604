"""The journal in PostgreSQL: the `Journal` port over one writing and one reading connection, each with its thread."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Self, TypeVar

import msgspec
import psycopg

from adapters.journal_rows.journal import RowsJournal
from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.reading import SnapshotRow, last_point
from adapters.journal_rows.statements import Statements
from adapters.postgres_journal.batches import Batch
from adapters.postgres_journal.faults import translated
from adapters.postgres_journal.opening import Opened, Opening, open_place
from adapters.postgres_journal.place import PostgresPlace, connect
from adapters.postgres_journal.snapshot_parts import (
    IN_PARTS,
    drop_loose_parts,
    packed_parts,
    put_part,
    row_with_parts,
)
from adapters.postgres_journal.storing import PostgresStore
from machines.ports.clock import Clock
from machines.ports.journal import JournalDamagedError, Snapshot

_Result = TypeVar("_Result")


class PostgresJournal(RowsJournal[Batch]):
    """One daemon at a time writes it: the one whose `fencing` the lease has, or the one that opened it last."""

    def __init__(
        self, place: PostgresPlace, opened: Opened, clock: Clock, fold_version: int, limits: JournalLimits
    ) -> None:
        """For `open` only."""
        self.place = place
        self._reading: Batch | None = None
        store = PostgresStore(place, opened.batch, opened.claim, limits.unknown_outcome_s)
        super().__init__(opened.known, store, clock, fold_version, limits)

    @classmethod
    async def open(
        cls,
        place: PostgresPlace,
        *,
        clock: Clock,
        fold_version: int,
        fencing: int | None,
        limits: JournalLimits = JournalLimits(),  # noqa: B008 - frozen
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> Self:
        """Open the journal (its schema and tables are made where they are missing), prove what follows its snapshot.

        `fencing` is the token that the lease gave this daemon; None where no lease is used. Raises
        `JournalDamagedError`, `JournalFencedError` where another daemon leads, and `JournalRefusedError`.
        """
        asked = Opening(fold_version, fencing, random_bytes, clock.wall)
        opened = await asyncio.to_thread(open_place, place, asked)
        return cls(place, opened, clock, fold_version, limits)

    async def _keep(self, snapshot: Snapshot, digest: bytes) -> None:
        """Events that come meanwhile wait for one part at most; after each, the writer hears whether it still leads."""
        await self._writer.change(drop_loose_parts)
        parts, number = packed_parts(snapshot.state), 0
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            await self._writer.change(partial(_put, digest, number, part))
            number += 1
        await super()._keep(msgspec.structs.replace(snapshot, state=IN_PARTS), digest)

    def _let_go_of_states(self, connection: Statements) -> None:
        drop_loose_parts(connection)

    def _snapshot_row(self, connection: Statements, sequence: int) -> SnapshotRow | None:
        return row_with_parts(connection, sequence)

    def _on_reading(self, run: Callable[[Batch], _Result]) -> _Result:
        """Reading changes nothing: where the connection was lost, it is done again on a new one, once."""
        kept = self._reading is not None and self._reading.is_usable
        try:
            try:
                return run(self._connected())
            except psycopg.Error:
                if not kept or (self._reading is not None and self._reading.is_usable):
                    raise
                return run(self._connected())
        except psycopg.Error as error:
            self._reset_reading()
            raise translated(self.place, error) from None

    def _connected(self) -> Batch:
        """The reading connection; a new one must show all that was acknowledged."""
        if self._reading is not None and self._reading.is_usable:
            return self._reading
        acknowledged = self.last_sequence
        batch = Batch(connect(self.place, "reading", read_only=True, primary=True))
        end = last_point(batch).sequence
        if end < acknowledged:
            batch.close()
            raise JournalDamagedError(
                f"the journal {self.place} ends with event {end}, and {acknowledged} was acknowledged: the store lost "
                "events. Was it failed over to a replica that lagged?"
            )
        self._reading = batch
        return batch

    def _reset_reading(self) -> None:
        """Whatever happens to it meanwhile: the error that is being told must not be hidden by another."""
        if self._reading is None or not self._reading.is_usable:
            return
        try:
            self._reading.rollback()
        except psycopg.Error:
            self._reading.close()

    def _let_go(self) -> None:
        if self._reading is not None:
            self._reading.close()


def _put(digest: bytes, number: int, part: bytes, batch: Batch) -> None:
    """Before the transaction, which has sent nothing yet: it is left with the check alone."""
    put_part(batch.connection, digest, number, part)

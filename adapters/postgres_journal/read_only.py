"""Reading the journal of a daemon from PostgreSQL: `solvent status` beside it, from the primary or a replica."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Self, TypeVar

import msgspec
import psycopg

from adapters.journal_rows import reading
from adapters.journal_rows.chain import ChainBreakError
from adapters.journal_rows.limits import JournalLimits
from adapters.postgres_journal.batches import Batch
from adapters.postgres_journal.faults import translated
from adapters.postgres_journal.opening import identity_of
from adapters.postgres_journal.place import PostgresPlace, connect
from adapters.postgres_journal.schema import is_journal, require_known_version
from machines.events import Recorded
from machines.ports.journal import (
    JournalDamagedError,
    JournalIdentity,
    JournalRefusedError,
    PaymentSeen,
    Proposal,
    Snapshot,
)

_Result = TypeVar("_Result")


class ReadOnlyPostgresJournal:
    """The `Journal` port for short-lived readers; everything that writes is refused, also by the server.

    It holds no lock between two reads. It reads on the caller's thread.
    """

    def __init__(self, place: PostgresPlace, batch: Batch, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only."""
        self.place = place
        self._batch = batch
        self._fold_version = fold_version
        self._limits = limits
        self._identity = identity_of(batch)

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
        batch = None
        try:
            batch = Batch(connect(place, "reading", read_only=True))
            _require_journal(batch, place)
            _require_wanted(batch, place, journal_id)
            return cls(place, batch, fold_version, limits)
        except BaseException as error:
            if batch is not None:
                batch.close()
            if isinstance(error, psycopg.Error):
                raise translated(place, error) from None
            raise

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        return self._identity

    @property
    def last_sequence(self) -> int:
        """The sequence number of the newest event at this moment."""
        return self._asked(lambda batch: reading.last_point(batch).sequence)

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order, each checked against its hash.

        Raises `JournalDamagedError` at an event that is not what was written, or that a newer solvent wrote.
        """
        left = limit
        while left is None or left > 0:
            chunk = self._limits.read_chunk_events if left is None else min(left, self._limits.read_chunk_events)
            events = await self._events(after, chunk)
            for recorded in events:
                yield recorded
            if len(events) < chunk:
                return
            after = events[-1].sequence
            left = None if left is None else left - len(events)

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot of this fold version whose bytes are those that were written."""
        found = await self._answered(lambda batch: reading.newest_snapshot(batch, self._fold_version))
        return None if found is None else found.snapshot

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """What is remembered of these ids; ids never seen are missing."""
        chunk = self._limits.lookup_chunk_items
        return await self._answered(lambda batch: reading.payments_seen(batch, payment_ids, chunk))

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Refuse: only the daemon that leads writes."""
        del group, payments
        raise JournalRefusedError(f"the journal {self.place} is open for reading only")

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Refuse, as `append`."""
        del snapshot
        raise JournalRefusedError(f"the journal {self.place} is open for reading only")

    async def close(self) -> None:
        """Let go of the connection."""
        self._close_now()

    async def _events(self, after: int, limit: int) -> list[Recorded]:
        def read(batch: Batch) -> list[Recorded]:
            return [row.recorded() for row in reading.checked_chunk(batch, after, limit)]

        try:
            return await self._answered(read)
        except ChainBreakError as broken:
            raise JournalDamagedError(f"the journal {self.place} is damaged: {broken}. It needs a backup") from broken
        except (msgspec.MsgspecError, ValueError) as error:
            raise JournalDamagedError(
                f"the journal {self.place} cannot be understood after event {after}: {error}. It was written by a "
                "newer solvent, or it is damaged"
            ) from error

    async def _answered(self, run: Callable[[Batch], _Result]) -> _Result:
        return self._asked(run)

    def _close_now(self) -> None:
        self._batch.close()

    def _asked(self, run: Callable[[Batch], _Result]) -> _Result:
        try:
            return run(self._batch)
        except psycopg.Error as error:
            raise translated(self.place, error) from None


def _require_journal(batch: Batch, place: PostgresPlace) -> None:
    if not is_journal(batch.connection, place.schema):
        raise FileNotFoundError(f"there is no journal {place} yet")
    require_known_version(batch.connection, place.schema)


def _require_wanted(batch: Batch, place: PostgresPlace, journal_id: str) -> None:
    found = identity_of(batch).journal_id
    if journal_id and found != journal_id:
        raise FileNotFoundError(f"the journal {place} is {found}, not {journal_id}")

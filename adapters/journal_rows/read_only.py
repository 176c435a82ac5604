"""What every journal over rows does for a short-lived reader: the `Journal` port, and every write refused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from adapters.journal_rows import reading
from adapters.journal_rows.chain import ChainBreakError
from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.paging import paged
from adapters.journal_rows.statements import Statements
from machines.events import Recorded
from machines.ports.journal import (
    JournalDamagedError,
    JournalIdentity,
    JournalRefusedError,
    PaymentSeen,
    Proposal,
    Snapshot,
)

_Connection = TypeVar("_Connection", bound=Statements)
_Result = TypeVar("_Result")


class ReadOnlyRowsJournal(ABC, Generic[_Connection]):
    """It holds no lock between two reads, so that a daemon beside it writes on. It reads on the caller's thread."""

    def __init__(
        self, name: str, connection: _Connection, fold_version: int, limits: JournalLimits, *, mending: str
    ) -> None:
        """`mending` says what helps where the chain is broken."""
        self._name = name
        self._connection = connection
        self._fold_version = fold_version
        self._limits = limits
        self._mending = mending
        self._identity = reading.identity_of(connection)

    @abstractmethod
    def _asked(self, run: Callable[[_Connection], _Result]) -> _Result:
        """Run on the connection. Raises the errors of the port."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connection."""

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        return self._identity

    @property
    def last_sequence(self) -> int:
        """The sequence number of the newest event at this moment."""
        return self._asked(lambda connection: reading.last_point(connection).sequence)

    def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """The durable events after a sequence number, in order, each checked against its hash.

        Raises `JournalDamagedError` at an event that is not what was written, or that a newer solvent wrote.
        """
        return paged(self._events, self._limits.read_chunk_events, after, limit)

    async def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot of this fold version whose bytes are those that were written."""
        found = await self._answered(
            lambda connection: reading.newest_snapshot(connection, self._fold_version, self._snapshot_row)
        )
        return None if found is None else found.snapshot

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """What is remembered of these ids; ids never seen are missing."""
        chunk = self._limits.lookup_chunk_items
        return await self._answered(lambda connection: reading.payments_seen(connection, payment_ids, chunk))

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Refuse: only the daemon whose journal it is writes."""
        del group, payments
        raise JournalRefusedError(f"the journal {self._name} is open for reading only")

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Refuse, as `append`."""
        del snapshot
        raise JournalRefusedError(f"the journal {self._name} is open for reading only")

    async def _answered(self, run: Callable[[_Connection], _Result]) -> _Result:
        """The same as `_asked`, for the methods that may wait."""
        return self._asked(run)

    def _snapshot_row(self, connection: Statements, sequence: int) -> reading.SnapshotRow | None:
        """A snapshot as this store has it."""
        return reading.snapshot_row(connection, sequence)

    async def _events(self, after: int, limit: int) -> list[Recorded]:
        def read(connection: _Connection) -> list[Recorded]:
            return [row.recorded() for row in reading.checked_chunk(connection, after, limit)]

        try:
            return await self._answered(read)
        except ChainBreakError as broken:
            raise JournalDamagedError(f"the journal {self._name} is damaged: {broken}. {self._mending}") from broken
        except (msgspec.MsgspecError, ValueError) as error:
            raise JournalDamagedError(
                f"the journal {self._name} cannot be understood after event {after}: {error}. It was written by a "
                "newer solvent, or it is damaged"
            ) from error

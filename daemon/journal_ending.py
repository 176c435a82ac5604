"""The journal as the daemon holds it: once it cannot be relied on any more, the daemon ends and says why.

Without it an actor would fail at each event, be restarted, and be parked one after the other, while the rest of the
daemon went on in the belief that it only had to wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from machines.events import Recorded
from machines.ports.journal import (
    Journal,
    JournalDamagedError,
    JournalFencedError,
    JournalIdentity,
    JournalUnknownError,
    PaymentSeen,
    Proposal,
    Snapshot,
)


class JournalGoneError(Exception):
    """The journal was damaged, or taken away, under the running daemon, or it is not known what it holds.

    The message says where, and what to do.
    """


class EndingJournal:
    """Passes everything on to the journal itself; the first damage is said once, and ends the daemon."""

    def __init__(self, journal: Journal, end: Callable[[Exception], None]) -> None:
        """`end` stops the daemon with what it is given."""
        self._journal = journal
        self._end = end
        self._said = False

    @property
    def identity(self) -> JournalIdentity:
        """Which journal this is."""
        return self._journal.identity

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last durable event."""
        return self._journal.last_sequence

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """As the journal does."""
        with self._watched():
            return await self._journal.append(group, payments)

    async def payments_seen(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentSeen]:
        """As the journal does."""
        with self._watched():
            return await self._journal.payments_seen(payment_ids)

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """As the journal does."""
        with self._watched():
            async for recorded in self._journal.read(after, limit):
                yield recorded

    async def newest_snapshot(self) -> Snapshot | None:
        """As the journal does."""
        with self._watched():
            return await self._journal.newest_snapshot()

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """As the journal does."""
        with self._watched():
            await self._journal.write_snapshot(snapshot)

    async def close(self) -> None:
        """As the journal does."""
        await self._journal.close()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except (JournalDamagedError, JournalUnknownError) as damaged:
            if not self._said:
                self._said = True
                structlog.get_logger("journal").error("journal_lost", reason=str(damaged))
                self._end(JournalGoneError(str(damaged)))
            raise
        except JournalFencedError as fenced:
            self._end(fenced)
            raise

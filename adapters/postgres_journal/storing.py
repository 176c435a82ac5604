"""PostgreSQL as the writing thread uses it: transactions, lost connections, commits whose answer was lost."""

from __future__ import annotations

import threading
from typing import Final

import psycopg

from adapters.clocks import SystemClock
from adapters.journal_rows.reading import Point
from adapters.postgres_journal.batches import Batch
from adapters.postgres_journal.claiming import Claim
from adapters.postgres_journal.faults import translated
from adapters.postgres_journal.place import PostgresPlace, connect, said
from machines.ports.journal import (
    JournalDamagedError,
    JournalFencedError,
    JournalRefusedError,
    JournalUnknownError,
)

RETRY_S: Final = 0.25
"""Pause between two attempts to reach the server again: a part of what a fail-over takes."""
HURRY_S: Final = 5.0
"""How long a closing journal still tries to hear of its last commit."""
_ENDING: Final = (JournalFencedError, JournalDamagedError, JournalUnknownError)


class PostgresStore:
    """Owns the writing connection, and the right to write."""

    def __init__(
        self,
        place: PostgresPlace,
        batch: Batch,
        claim: Claim,
        unknown_outcome_s: float,
    ) -> None:
        self.connection = batch
        self._place = place
        self._claim = claim
        self._unknown_outcome_s = unknown_outcome_s
        self._clock = SystemClock()
        self._hurried = threading.Event()
        self._ended: BaseException | None = None
        """Why nothing is written any more, for ever."""

    def begin(self, tail: Point) -> None:
        """Begin a transaction, on a new connection where the last one was lost."""
        if self._ended is not None:
            raise self._ended
        # What is lost before anything was sent leaves no doubt.
        self.connection.notice_end()
        if not self.connection.is_usable:
            self._reach_again()
            self._require_end(tail, tail)
        self.connection.begin()

    def commit(self, before: Point, after: Point) -> None:
        """Make the transaction durable, if this daemon still leads. Where the answer is lost, find out."""
        try:
            self.connection.commit(self._claim.check)
        except psycopg.Error as error:
            if self.connection.is_usable:
                raise
            self._find_out(before, after, error)

    def take_back(self) -> None:
        """End a transaction that failed."""
        try:
            self.connection.rollback()
        except psycopg.Error:
            self.connection.close()

    def translated(self, error: BaseException) -> BaseException:
        """An error in the words of the port; one after which nothing can be written any more is kept."""
        if isinstance(error, psycopg.Error):
            error = self._claim.refused(error) or self._understood(error)
        if isinstance(error, _ENDING):
            self._ended = error
        return error

    def between_commits(self) -> None:
        """There is nothing to do: the server does it."""

    def fold_log(self) -> None:
        """The log of the server is the server's."""

    def hurry(self) -> None:
        """The journal is being closed: who waits for a lost answer waits shortly."""
        self._hurried.set()

    def close(self) -> None:
        """Let go of the server."""
        self.connection.close()

    def _understood(self, error: psycopg.Error) -> BaseException:
        if isinstance(error, psycopg.errors.UniqueViolation):
            # Somebody wrote the event that was ours to write: the lease says whether as the new leader.
            try:
                if not self._claim.retake(self.connection).is_ours:
                    return self._claim.overtaken()
            except (JournalFencedError, JournalDamagedError) as known:
                self.take_back()
                return known
            except psycopg.Error:
                self.take_back()
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            self.connection.close()  # it is no primary any more: the next attempt looks for the one that is
        return translated(self._place, error)

    def _reach_again(self) -> None:
        """A new connection in place of the lost one."""
        self.connection.close()
        self.connection = Batch(connect(self._place))

    def _require_end(self, before: Point, after: Point) -> Point:
        """Where the journal ends: at one of the two, or raise. A connection that is lost here is closed."""
        try:
            found = self._claim.retake(self.connection)
        except BaseException:
            self.connection.close()
            raise
        tail = found.tail
        if tail in (before, after) and found.is_ours:
            return tail
        if tail.sequence < before.sequence or (tail.sequence == before.sequence and tail != before):
            raise self._claim.lost(tail.sequence, before.sequence)
        if not found.is_ours:
            raise self._claim.overtaken()
        raise JournalDamagedError(
            f"the journal {self._place} was changed by somebody else while it was open: it ends with event "
            f"{tail.sequence}, not {after.sequence}"
        )

    def _find_out(self, before: Point, after: Point, error: psycopg.Error) -> None:
        """The COMMIT was sent and its answer is lost: ask the store, as soon as it can be asked, what became of it."""
        lost = said(self._place, error)
        try:
            tail = self._asked(before, after, lost)
        except JournalFencedError as fenced:
            raise JournalFencedError(
                f"{fenced}. The connection was lost while a group was committed ({lost}): whether it is durable, the "
                "new leader reads"
            ) from None
        if before == after:
            raise JournalRefusedError(
                f"the connection to the journal {self._place} was lost ({lost}); it is not known whether the change "
                "was made, and it may be asked for again"
            )
        if tail == before:
            raise JournalRefusedError(
                f"the connection to the journal {self._place} was lost ({lost}); nothing of the group was written"
            )

    def _asked(self, before: Point, after: Point, lost: str) -> Point:
        began_s = self._clock.monotonic_s()
        while True:
            try:
                self._reach_again()
                return self._require_end(before, after)
            except psycopg.Error as error:
                limit_s = HURRY_S if self._hurried.is_set() else self._unknown_outcome_s
                if self._clock.monotonic_s() - began_s > limit_s:
                    raise JournalUnknownError(
                        f"the connection to the journal {self._place} was lost when a group was being committed "
                        f"({lost}), and for {limit_s:g} s it could not be reached again "
                        f"({said(self._place, error)}): whether the group is durable is not known. The daemon ends; "
                        "when it starts again it reads what is there"
                    ) from None
                threading.Event().wait(RETRY_S)

"""Statements gathered into messages: a transaction that reads nothing back is one message, and one round trip."""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from adapters.postgres_journal.connections import LimitedConnection
from adapters.postgres_journal.faults import translated
from adapters.postgres_journal.literals import bound, bound_rows, understood
from adapters.postgres_journal.place import PostgresPlace, connect

_Row = tuple[Any, ...]
_GATHERED: Final = "INSERT "
_COMMIT: Final = ("SET LOCAL statement_timeout = 0", "COMMIT")
"""A commit that waits for a synchronous replica must not be cut short: PostgreSQL would report it as done."""


class Rows:
    """The answer of the last statement of a message."""

    def __init__(self, cursor: psycopg.Cursor[_Row]) -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        """How many rows were changed, or found."""
        return self._cursor.rowcount

    def fetchone(self) -> _Row | None:
        """The next row; None after the last."""
        row = self._cursor.fetchone()
        return None if row is None else tuple(map(understood, row))

    def fetchall(self) -> list[_Row]:
        """All rows that are left."""
        return [tuple(map(understood, row)) for row in self._cursor.fetchall()]

    def __iter__(self) -> Iterator[_Row]:
        return iter(self.fetchall())


class _Gathered:
    """In place of an answer that nobody reads."""

    rowcount = -1

    def fetchone(self) -> None:
        return None

    def fetchall(self) -> list[_Row]:
        return []

    def __iter__(self) -> Iterator[_Row]:
        return iter(())


class Batch:
    """`Statements` on a connection in autocommit: an INSERT waits for the next statement with an answer, or the end."""

    def __init__(self, connection: LimitedConnection) -> None:
        self.connection = connection
        self._gathered: list[str] = []

    @property
    def is_usable(self) -> bool:
        """Whether the connection is there, as far as this side knows."""
        return not self.connection.closed

    def notice_end(self) -> None:
        """Close a connection that the other side has ended: nothing comes unasked, unless that is what it says."""
        if not self.is_usable:
            return
        waiting = select.poll()
        waiting.register(self.connection.pgconn.socket, select.POLLIN)
        if waiting.poll(0):
            try:
                self.connection.execute("SELECT 1")
            except psycopg.Error:
                self.close()

    def begin(self) -> None:
        """Begin a transaction with the next message."""
        self._gathered = ["BEGIN"]

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Rows | _Gathered:
        """Run one statement, and all that were gathered before it; an INSERT is only gathered."""
        text = bound(statement, values).strip()
        if text.startswith(_GATHERED):
            self._gathered.append(text)
            return _Gathered()
        return self._send([*self._gathered, text])

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Gather an INSERT of all rows."""
        text = bound_rows(statement, rows).strip()
        if text:
            self._gathered.append(text)

    def commit(self, *last: str) -> None:
        """Send what is left, the statements `last` and the COMMIT as one message, and hear that it is done."""
        self._send([*self._gathered, *last, *_COMMIT])

    def rollback(self) -> None:
        """Forget what was gathered, and take back what was sent. Raises `psycopg.Error`."""
        self._gathered = []
        if self.is_usable and self.connection.info.transaction_status is not TransactionStatus.IDLE:
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the connection; never raises."""
        self._gathered = []
        self.connection.close()

    def _send(self, statements: Sequence[str]) -> Rows:
        self._gathered = []
        cursor = self.connection.execute("; ".join(statements))
        while cursor.nextset():
            pass
        return Rows(cursor)


@contextmanager
def opening_batch(place: PostgresPlace, name: str = "journal", *, read_only: bool = False) -> Iterator[Batch]:
    """A new connection for a journal that is being opened: closed where the block fails, else the journal's to close.

    Raises the errors of the port.
    """
    batch = None
    try:
        batch = Batch(connect(place, name, read_only=read_only))
        yield batch
    except BaseException as error:  # whatever ended the opening: nobody else would close it
        if batch is not None:
            batch.close()
        if isinstance(error, psycopg.Error):
            raise translated(place, error) from None
        raise

"""The little that the rows ask of a database: statements with `?` for each value, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

__all__ = ["Answer", "Statements"]


class Answer(Protocol):
    """What came back of one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Statements(Protocol):
    """A `sqlite3.Connection`, or PostgreSQL's counterpart. Raises the database's own errors."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Answer:
        """Run one statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run one statement for each row."""
        ...

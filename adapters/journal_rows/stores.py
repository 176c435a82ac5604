"""What the writing thread asks of the database that it writes to."""

from __future__ import annotations

from typing import Protocol, TypeVar

from adapters.journal_rows.reading import Point

__all__ = ["Store"]

_Connection_co = TypeVar("_Connection_co", covariant=True)


class Store(Protocol[_Connection_co]):
    """One database with one writer. All but `hurry` is called by the writing thread alone."""

    @property
    def connection(self) -> _Connection_co:
        """What runs the statements of the transaction that was begun."""
        ...

    def begin(self, tail: Point) -> None:
        """Begin a transaction after the event `tail`. Raises where the store no longer ends there."""
        ...

    def commit(self, before: Point, after: Point) -> None:
        """Make the transaction durable, which took the journal from `before` to `after`; raises where it is not."""
        ...

    def take_back(self) -> None:
        """End a transaction that failed; never raises."""
        ...

    def translated(self, error: BaseException) -> BaseException:
        """An error of the database in the words of the port; any other as it is."""
        ...

    def between_commits(self) -> None:
        """What may be done after everybody was told; never raises."""
        ...

    def fold_log(self) -> None:
        """Let nothing of what the last transaction replaced be found in a log; never raises."""
        ...

    def hurry(self) -> None:
        """The journal is being closed: wait for nothing any more that may take long. Called from another thread."""
        ...

    def close(self) -> None:
        """Let go of the database; never raises."""
        ...

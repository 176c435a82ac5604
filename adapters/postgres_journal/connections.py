"""A connection to PostgreSQL that waits for an answer no longer than it was told to."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg

from adapters.clocks import SystemClock

_CLOCK = SystemClock()


class SilentServerError(psycopg.OperationalError):
    """The server took a statement and did not answer in time: what became of it is not known."""


class LimitedConnection(psycopg.Connection[tuple[Any, ...]]):
    """One that is closed, with `SilentServerError`, when an answer takes longer than `answer_limit_s`.

    The time limits of the server itself do not hold while the server's machine is frozen or cannot be reached.
    """

    answer_limit_s: float = 30.0

    def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
        """Run what talks to the server, within the limit."""
        try:
            return super().wait(_limited(gen, self.answer_limit_s), *arguments, **named)
        except SilentServerError:
            self.pgconn.finish()
            raise


def _limited(asking: Generator[Any, Any, Any], limit_s: float) -> Generator[Any, Any, Any]:
    """The same generator; psycopg wakes it ten times a second while nothing comes."""
    until_s = _CLOCK.monotonic_s() + limit_s
    try:
        wanted = next(asking)
        while True:
            ready = yield wanted
            if not ready and _CLOCK.monotonic_s() > until_s:
                raise SilentServerError(f"PostgreSQL did not answer for {limit_s:g} s")
            wanted = asking.send(ready)
    except StopIteration as end:
        return end.value

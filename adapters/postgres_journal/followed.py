"""The journal of the daemon that leads, as a standby follows it: read on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from adapters.journal_rows import reading
from adapters.journal_rows.limits import JournalLimits
from adapters.postgres_journal.batches import Batch
from adapters.postgres_journal.place import PostgresPlace
from adapters.postgres_journal.read_only import ReadOnlyPostgresJournal

_Result = TypeVar("_Result")


class FollowedPostgresJournal(ReadOnlyPostgresJournal):
    """A server that hangs holds up the reading alone: the endpoints answer, and the lead is asked for."""

    def __init__(self, place: PostgresPlace, batch: Batch, fold_version: int, limits: JournalLimits) -> None:
        """For `open` only, which blocks: call it in a thread."""
        super().__init__(place, batch, fold_version, limits)
        self._seen_sequence = reading.last_point(batch).sequence
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-following")

    @property
    def last_sequence(self) -> int:
        """The newest event at the last reading; it asks nobody."""
        return self._seen_sequence

    async def close(self) -> None:
        """Let go of the connection, after what is being read; nobody waits for that."""
        self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)

    async def _answered(self, run: Callable[[Batch], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._asked(self._noting(run)))

    def _noting(self, run: Callable[[Batch], _Result]) -> Callable[[Batch], _Result]:
        def noted(batch: Batch) -> _Result:
            self._seen_sequence = reading.last_point(batch).sequence
            return run(batch)

        return noted

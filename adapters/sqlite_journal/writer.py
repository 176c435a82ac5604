"""The one thread that writes. Whatever waits is made durable in one transaction, then everybody is told, in order."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from adapters.sqlite_journal.limits import JournalLimits
from adapters.sqlite_journal.reading import Point
from adapters.sqlite_journal.transactions import Group, append_groups
from machines.ports.journal import JournalDamagedError, JournalRefusedError

_Result = TypeVar("_Result")


class _Append(msgspec.Struct, frozen=True, eq=False):
    """A group and who waits for it."""

    group: Group
    future: asyncio.Future[Any]


class _Change(msgspec.Struct, frozen=True, eq=False):
    """Any other transaction and who waits for it."""

    run: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]
    fold_log: bool
    """Whether the log must be emptied before the answer, so that it holds nothing of what was before."""


_Work = _Append | _Change
_Answer = tuple[asyncio.Future[Any], Any, BaseException | None]


class Writer:
    """Owns the writing connection. The event loop hands work over; the thread answers on the loop.

    A refused transaction leaves nothing behind and the thread goes on with the next: a full disk needs no restart.
    """

    def __init__(
        self, connection: sqlite3.Connection, tail: Point, limits: JournalLimits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.tail = tail
        """The last durable event; replaced by the thread after each commit."""
        self._connection = connection
        self._limits = limits
        self._loop = loop
        self._places = asyncio.Semaphore(limits.waiting_groups_max)
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closing = False
        self._commits = 0
        self._rows_at_checkpoint = 0
        self._thread = threading.Thread(target=self._serve, name="journal-writer", daemon=True)
        self._thread.start()

    async def append(self, group: Group) -> Any:
        """Hand the group over and wait until it is durable. A cancelled caller stops waiting, not the write."""
        return await self._hand_over(lambda future: _Append(group, future))

    async def change(self, run: Callable[[sqlite3.Connection], _Result], *, fold_log: bool = False) -> _Result:
        """Run one transaction of another kind, in its place among the groups."""
        result: _Result = await self._hand_over(lambda future: _Change(run, future, fold_log))
        return result

    async def close(self) -> None:
        """Finish all that was handed over, fold the log into the file, close the connection, end the thread."""
        self._closing = True
        self._work.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    async def _hand_over(self, work_for: Callable[[asyncio.Future[Any]], _Work]) -> Any:
        await self._places.acquire()  # first come, first served: the order of the calls is the order of the groups
        if self._closing:
            self._places.release()
            raise JournalRefusedError("the journal was closed before the group had a place in the queue")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._work.put(work_for(future))
        return await asyncio.shield(future)

    # The thread's side

    def _serve(self) -> None:
        going_on = True
        while going_on:
            waiting = [self._work.get()]
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.append(self._work.get_nowait())
            going_on = None not in waiting
            for run in _runs([work for work in waiting if work is not None]):
                self._answer(self._execute(run))
                self._checkpoint_when_due()
        self._checkpoint("TRUNCATE")
        self._connection.close()

    def _execute(self, run: Sequence[_Work]) -> list[_Answer]:
        """One transaction for the whole run of groups, or for one change."""
        try:
            return self._commit(run)
        except BaseException as error:  # noqa: BLE001 - somebody waits for every answer, whatever went wrong
            if self._connection.in_transaction:
                self._connection.rollback()
            translated = _translated(error)
            if len(run) == 1 or isinstance(translated, (JournalRefusedError, JournalDamagedError)):
                return [(work.future, None, translated) for work in run]
        # One group holds a value that cannot be stored: its neighbours must not pay for it.
        return [answer for work in run for answer in self._execute([work])]

    def _commit(self, run: Sequence[_Work]) -> list[_Answer]:
        self._connection.execute("BEGIN IMMEDIATE")
        first = run[0]
        if isinstance(first, _Change):
            results, tail = [first.run(self._connection)], self.tail
        else:
            groups = [work.group for work in run if isinstance(work, _Append)]
            results, tail = append_groups(self._connection, groups, self.tail)
        self._connection.execute("COMMIT")
        self.tail = tail
        self._commits += 1
        if isinstance(first, _Change) and first.fold_log:
            self._checkpoint("TRUNCATE")
        return [(work.future, result, None) for work, result in zip(run, results, strict=True)]

    def _answer(self, answers: Sequence[_Answer]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._deliver, answers)

    def _deliver(self, answers: Sequence[_Answer]) -> None:
        for future, result, error in answers:
            self._places.release()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _checkpoint_when_due(self) -> None:
        """Fold the log into the file after everybody was told, so that no commit waits for it."""
        rows = self._connection.total_changes - self._rows_at_checkpoint
        if self._commits >= self._limits.checkpoint_commits or rows >= self._limits.checkpoint_rows:
            self._checkpoint("PASSIVE")

    def _checkpoint(self, mode: str) -> None:
        self._commits, self._rows_at_checkpoint = 0, self._connection.total_changes
        with contextlib.suppress(sqlite3.Error):  # a full disk, a reader in the way: the log holds all, try again later
            self._connection.execute(f"PRAGMA wal_checkpoint({mode})")


def _runs(waiting: Sequence[_Work]) -> list[list[_Work]]:
    """Neighbouring groups together, any other change alone, the order kept."""
    runs: list[list[_Work]] = []
    for work in waiting:
        if runs and isinstance(work, _Append) and isinstance(runs[-1][0], _Append):
            runs[-1].append(work)
        else:
            runs.append([work])
    return runs


def _translated(error: BaseException) -> BaseException:
    """SQLite's error in the words of the port."""
    if isinstance(error, sqlite3.IntegrityError):
        return JournalDamagedError(f"the journal was changed by somebody else while it was open: {error}")
    if isinstance(error, sqlite3.OperationalError):
        return JournalRefusedError(f"the journal cannot be written: {error}; nothing was acknowledged")
    if isinstance(error, sqlite3.DatabaseError) and "malformed" in str(error):
        return JournalDamagedError(f"the journal's file is damaged: {error}; restore a backup")
    return error

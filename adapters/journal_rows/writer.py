"""The one thread that writes. Whatever waits is made durable in one transaction, then everybody is told, in order."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import msgspec

from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.reading import Point
from adapters.journal_rows.statements import Statements
from adapters.journal_rows.stores import Store
from adapters.journal_rows.transactions import Group, append_groups
from machines.ports.journal import (
    JournalDamagedError,
    JournalFencedError,
    JournalRefusedError,
    JournalUnknownError,
)

_Connection = TypeVar("_Connection", bound=Statements)
_OF_THE_STORE: Final = (JournalRefusedError, JournalDamagedError, JournalFencedError, JournalUnknownError)
"""Not about a value of one group: all that were in the transaction have the same answer."""
_Result = TypeVar("_Result")


class _Append(msgspec.Struct, frozen=True, eq=False):
    """A group and who waits for it."""

    group: Group
    future: asyncio.Future[Any]


class _Change(msgspec.Struct, Generic[_Connection], frozen=True, eq=False):
    """Any other transaction and who waits for it."""

    run: Callable[[_Connection], Any]
    future: asyncio.Future[Any]
    fold_log: bool
    """Whether the log must be emptied before the answer, so that it holds nothing of what was before."""


_Work = _Append | _Change[_Connection]
_Answer = tuple[asyncio.Future[Any], Any, BaseException | None]


class Writer(Generic[_Connection]):
    """Owns the store. The event loop hands work over; the thread answers on the loop.

    A refused transaction leaves nothing behind and the thread goes on with the next: a full disk needs no restart.
    """

    def __init__(
        self, store: Store[_Connection], tail: Point, limits: JournalLimits, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.tail = tail
        """The last durable event; replaced by the thread after each commit."""
        self._store = store
        self._commit_rows_max = limits.commit_rows_max
        self._loop = loop
        self._places = asyncio.Semaphore(limits.waiting_groups_max)
        self._work: queue.SimpleQueue[_Append | _Change[_Connection] | None] = queue.SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._serve, name="journal-writer", daemon=True)
        self._thread.start()

    async def append(self, group: Group) -> Any:
        """Hand the group over and wait until it is durable. A cancelled caller stops waiting, not the write."""
        return await self._hand_over(lambda future: _Append(group, future))

    async def change(self, run: Callable[[_Connection], _Result], *, fold_log: bool = False) -> _Result:
        """Run one transaction of another kind, in its place among the groups."""
        result: _Result = await self._hand_over(lambda future: _Change(run, future, fold_log))
        return result

    async def close(self) -> None:
        """Finish all that was handed over, close the store, end the thread."""
        self._closing = True
        self._store.hurry()
        self._work.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    async def _hand_over(self, work_for: Callable[[asyncio.Future[Any]], _Work[_Connection]]) -> Any:
        await self._places.acquire()  # first come, first served: the order of the calls is the order of the groups
        if self._closing:
            self._places.release()
            raise JournalRefusedError("the journal was closed before the group had a place in the queue")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._work.put(work_for(future))
        return await future

    # The thread's side

    def _serve(self) -> None:
        going_on = True
        while going_on:
            waiting = [self._work.get()]
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.append(self._work.get_nowait())
            going_on = None not in waiting
            for run in _runs([work for work in waiting if work is not None], self._commit_rows_max):
                self._answer(self._execute(run))
                self._store.between_commits()
        self._store.close()

    def _execute(self, run: Sequence[_Work[_Connection]]) -> list[_Answer]:
        """One transaction for the whole run of groups, or for one change."""
        try:
            return self._commit(run)
        except BaseException as error:  # noqa: BLE001 - somebody waits for every answer, whatever went wrong
            self._store.take_back()
            translated = self._store.translated(error)
            if len(run) == 1 or isinstance(translated, _OF_THE_STORE):
                return [(work.future, None, translated) for work in run]
        # One group holds a value that cannot be stored: its neighbours must not pay for it.
        return [answer for work in run for answer in self._execute([work])]

    def _commit(self, run: Sequence[_Work[_Connection]]) -> list[_Answer]:
        self._store.begin(self.tail)
        first = run[0]
        if isinstance(first, _Change):
            results, tail = [first.run(self._store.connection)], self.tail
        else:
            groups = [work.group for work in run if isinstance(work, _Append)]
            results, tail = append_groups(self._store.connection, groups, self.tail)
        self._store.commit(self.tail, tail)
        self.tail = tail
        if isinstance(first, _Change) and first.fold_log:
            self._store.fold_log()
        return [(work.future, result, None) for work, result in zip(run, results, strict=True)]

    def _answer(self, answers: Sequence[_Answer]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._deliver, answers)

    def _deliver(self, answers: Sequence[_Answer]) -> None:
        for future, result, error in answers:
            self._places.release()
            if future.done():  # its caller was cancelled: what was handed over was written all the same
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
                future.exception()  # whoever waited may be gone by now, and nothing must complain for it


def _runs(waiting: Sequence[_Work[_Connection]], rows_max: int) -> list[list[_Work[_Connection]]]:
    """Neighbouring groups together, up to so many rows, any other change alone, the order kept."""
    runs: list[list[_Work[_Connection]]] = []
    rows = 0
    for work in waiting:
        more = len(work.group.proposals) + len(work.group.payments) if isinstance(work, _Append) else 0
        if runs and isinstance(work, _Append) and isinstance(runs[-1][0], _Append) and rows + more <= rows_max:
            runs[-1].append(work)
            rows += more
        else:
            runs.append([work])
            rows = more
    return runs

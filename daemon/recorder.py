"""The recorder: the one door to the journal. It groups what waits, makes it durable, folds it, then tells.

Nobody is told of an event before it is durable, and the state is folded in the journal's order whatever the order in
which those who wait are woken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain

import structlog

from config.instants import Instant
from daemon.kernel import Kernel, KernelStopping
from machines.events import Event, Recorded
from machines.ports.clock import Clock
from machines.ports.journal import Journal, JournalRefusedError, PaymentSeen, Proposal, Snapshot
from machines.state.whole import State, fold

OWNER = "recorder"
SNAPSHOT_AGAIN_SHARE = 10
"""A snapshot that was refused is tried again after this part of the events that lead to one."""
Part = tuple[str, Sequence[Event], int | None]
"""Who says it, its events, and the event that caused them."""
Listener = Callable[[Recorded], None]
"""Told of each event after it was folded. It only notes what to do: it neither awaits nor raises."""


class OvertakenError(Exception):
    """What was judged no longer holds: events that were on their way to the journal came first. Judge again."""


class NotFoldedError(Exception):
    """Events are durable, and this process could not fold or tell them: its state is not the journal's any more.

    Nothing may be judged by it, so the daemon ends. The next start folds them from the journal.
    """


class _Waiting:
    __slots__ = ("done", "group", "payments", "since_s", "still")

    def __init__(
        self,
        group: list[Proposal],
        payments: Sequence[PaymentSeen],
        done: asyncio.Future[list[Recorded]],
        still: Callable[[], bool] | None,
        since_s: float,
    ) -> None:
        self.since_s = since_s
        self.group = group
        self.payments = payments
        self.done = done
        self.still = still


class Recorder:
    """Appends to the journal on behalf of every actor, and keeps the folded state."""

    def __init__(
        self,
        journal: Journal,
        state: State,
        clock: Clock,
        *,
        group_events_max: int,
        snapshot_every_events: int,
        waiting_groups_max: int = 10_000,
        encode_state: Callable[[State], bytes],
    ) -> None:
        self.journal = journal
        self.state = state
        self.clock = clock
        self.group_events_max = group_events_max
        """How many events become durable with one synchronisation."""
        self.refusal_listeners: list[Callable[[str | None], None]] = []
        """Told why the journal begins to refuse, and None when it takes again: it cannot be told in the journal."""
        self.refusing: str | None = None
        """Why the journal takes nothing at this moment; None while it is well."""
        self._snapshot_every_events = snapshot_every_events
        self._waiting_groups_max = waiting_groups_max
        self._encode_state = encode_state
        self._waiting: deque[_Waiting] = deque()
        self._being_written: list[_Waiting] = []
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._kernel: Kernel | None = None
        self._snapshot_at = state.sequence
        self._keeping: asyncio.Task[None] | None = None
        self._not_folded = ""
        """Why nothing may be recorded any more, in this life; "" while the state is the journal's."""
        self.last_recorded_at: Instant | None = None
        """When the newest event was recorded; resume sets it from the journal."""

    def attach(self, kernel: Kernel) -> None:
        """From here on writing runs as a task of this kernel."""
        self._kernel = kernel

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of every event from now on."""
        self._listeners.append(listener)

    async def record(
        self,
        actor: str,
        events: Sequence[Event],
        *,
        cause: int | None = None,
        effective_at: Instant | None = None,
        payments: Sequence[PaymentSeen] = (),
        still: Callable[[], bool] | None = None,
    ) -> list[Recorded]:
        """Make the events durable together, fold them, and return them as recorded.

        `still` is asked when everything before these events is folded; where it says no, nothing is written and
        `OvertakenError` is raised: a step must not follow the very decision that took its permission away.
        Raises `JournalRefusedError` when nothing was written, and `NotFoldedError` once the daemon ends. A caller that
        is cancelled while it waits does not take the events back: the state tells whether they became durable.
        """
        at = self.clock.wall() if effective_at is None else effective_at
        return await self._put([Proposal(event, actor, at, cause) for event in events], payments, still)

    async def record_together(self, parts: Sequence[Part], *, still: Callable[[], bool]) -> list[Recorded]:
        """Make the events of several actors durable together, with one synchronisation; raises as `record`."""
        at = self.clock.wall()
        group = [Proposal(event, actor, at, cause) for actor, events, cause in parts for event in events]
        return await self._put(group, still=still)

    async def _put(
        self,
        group: list[Proposal],
        payments: Sequence[PaymentSeen] = (),
        still: Callable[[], bool] | None = None,
    ) -> list[Recorded]:
        done: asyncio.Future[list[Recorded]] = asyncio.get_running_loop().create_future()
        if self._not_folded:
            raise NotFoldedError(self._not_folded)
        if len(self._waiting) >= self._waiting_groups_max:
            raise JournalRefusedError(f"{len(self._waiting)} groups of events wait for the journal already")
        waiting = _Waiting(group, payments, done, still, self.clock.monotonic_s())
        self._waiting.append(waiting)
        if self._task is None:
            assert self._kernel is not None, "attach the recorder to a kernel before recording"
            self._task = self._kernel.tasks.start(self._write_all(), name="journal writing", owner=OWNER)
        return await asyncio.shield(waiting.done)

    @property
    def oldest_wait_s(self) -> float:
        """How long the oldest events that are not durable yet have waited; 0 while none do."""
        oldest = next(chain(self._being_written, self._waiting), None)
        return 0.0 if oldest is None else self.clock.monotonic_s() - oldest.since_s

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                if taken := self._take_group():
                    self._being_written = taken
                    await self._write_some(taken)
                    self._being_written = []
                    self._snapshot_when_due()
        finally:
            self._task = None
            self._being_written = []
            for waiting in self._waiting:
                waiting.done.cancel()
            self._waiting.clear()

    def _take_group(self) -> list[_Waiting]:
        """What waits now, as one group: one disk synchronisation serves them all.

        What must still hold begins a group of its own, for only then is everything before it folded.
        """
        first = self._waiting.popleft()
        try:
            holds = first.still is None or first.still()
        except Exception as defect:  # noqa: BLE001 - it is that of who asked to record, and is raised there
            _fail(first.done, defect)
            return []
        if not holds:
            _fail(first.done, OvertakenError("events that came first changed what this was judged by"))
            return []
        taken = [first]
        events = len(first.group)
        while (
            self._waiting
            and self._waiting[0].still is None
            and events + len(self._waiting[0].group) <= self.group_events_max
        ):
            taken.append(self._waiting.popleft())
            events += len(taken[-1].group)
        return taken

    async def _write_some(self, taken: list[_Waiting]) -> None:
        group = [proposal for waiting in taken for proposal in waiting.group]
        payments = [seen for waiting in taken for seen in waiting.payments]
        try:
            recorded = await self.journal.append(group, payments)
        except JournalRefusedError as refused:
            for waiting in taken:
                _fail(waiting.done, JournalRefusedError(str(refused)))
            self._note_refusing(str(refused))
            return
        except Exception as failure:
            for waiting in taken:
                _fail(waiting.done, failure)
            raise
        except BaseException:
            # The outcome is unknown and this task ends: whoever waits must not wait for ever.
            for waiting in taken:
                waiting.done.cancel()
            raise
        try:
            self._fold_and_tell(recorded)
        except Exception as defect:
            not_folded = self._end_daemon(recorded, defect)
            for waiting in taken:
                _fail(waiting.done, not_folded)
            raise not_folded from defect
        start = 0
        for waiting in taken:
            end = start + len(waiting.group)
            if not waiting.done.done():
                waiting.done.set_result(recorded[start:end])
            start = end

    def _fold_and_tell(self, recorded: Sequence[Recorded]) -> None:
        self._note_refusing(None)
        for one in recorded:
            fold(self.state, one)
            self.last_recorded_at = one.recorded_at
        for one in recorded:
            for listener in self._listeners:
                listener(one)

    def _end_daemon(self, recorded: Sequence[Recorded], defect: Exception) -> NotFoldedError:
        """A fold that was left half-way is in no order again in this life, and who was not told does not ask."""
        assert self._kernel is not None
        first, last = recorded[0].sequence, recorded[-1].sequence
        self._not_folded = (
            f"the events {first} to {last} are durable, and could not be folded or told "
            f"({type(defect).__name__}: {defect}): the state of this process is not the journal's any more. Start "
            "again: the journal is whole and is folded anew. Where that fails too it is a defect of solvent: report it "
            "with `solvent support-bundle`"
        )
        failure = NotFoldedError(self._not_folded)
        self._kernel.end(failure)
        return failure

    def _note_refusing(self, reason: str | None) -> None:
        """Tell when the journal begins to refuse, and when it takes again; in between nothing."""
        changed = (reason is None) is not (self.refusing is None)
        self.refusing = reason
        if changed:
            for listener in self.refusal_listeners:
                listener(reason)

    def _snapshot_when_due(self) -> None:
        """Keep the state as it is now, so that a resume folds only what follows.

        It saves time at the next start and nothing else: who waits to record does not wait for it.
        """
        assert self._kernel is not None
        kept = self._keeping is None or self._keeping.done()
        if not kept or self.state.sequence - self._snapshot_at < self._snapshot_every_events:
            return
        self._snapshot_at = self.state.sequence
        try:
            snapshot = Snapshot(self.state.sequence, self._encode_state(self.state))
        except MemoryError:
            self._put_snapshot_off("no memory is left to encode the state")
            return
        with suppress(KernelStopping):
            self._keeping = self._kernel.tasks.start(self._keep(snapshot), name="keeping a snapshot", owner=OWNER)

    async def _keep(self, snapshot: Snapshot) -> None:
        try:
            await self.journal.write_snapshot(snapshot)
        except JournalRefusedError as refused:
            self._put_snapshot_off(str(refused))

    def _put_snapshot_off(self, reason: str) -> None:
        self._snapshot_at += self._snapshot_every_events // SNAPSHOT_AGAIN_SHARE - self._snapshot_every_events
        structlog.get_logger("journal").warning("snapshot_refused", reason=reason)


def _fail(done: asyncio.Future[list[Recorded]], failure: Exception) -> None:
    if not done.done():
        done.set_exception(failure)
        done.exception()  # a cancelled asker must not make the loop complain

"""The supervisor's side of settling: what components found out (`settling.py`) becomes durable.

After a crash thousands tell at once what became of their intents. One synchronisation of the journal serves all that
wait together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from daemon.actors.names import component_actor
from daemon.actors.recording import NotRecorded
from daemon.kernel import Neighbours
from daemon.messages import IntentUnreachable, StepAnswered, StepGranted
from daemon.recorder import OvertakenError, Recorder
from machines.events import BreakerChanged, Event, StepIntended, StepOutcome
from machines.granting import GrantLimits
from machines.outcomes import after_answer, after_deadline
from machines.ports.clock import Clock
from machines.ports.journal import JournalRefusedError

Settlement = StepAnswered | IntentUnreachable
"""What became of one attempt, as its component tells it."""
SettlementAnswer = StepGranted | NotRecorded | None
"""The step that takes back what is half made, where one was recorded; or that the journal takes nothing."""


class _Judged(msgspec.Struct, frozen=True):
    """What one settlement records; no events where it says nothing new."""

    told: Settlement
    events: Sequence[Event] = ()

    @property
    def teaches(self) -> bool:
        """Whether a breaker learns from it: what comes after is judged by what it has learnt."""
        return any(isinstance(event, BreakerChanged) for event in self.events)


class Settlements:
    """Records what became of intents."""

    def __init__(self, recorder: Recorder, clock: Clock, limits: GrantLimits) -> None:
        self._recorder = recorder
        self._clock = clock
        self._limits = limits

    async def settle(self, first: Settlement, others: Neighbours) -> list[SettlementAnswer]:
        """Settle the first and all others that one transaction can take; the answer of each.

        Where they cannot be recorded together each is by itself, and the failure of one is raised when the others are
        settled.
        """
        group = self._group(first, others)
        try:
            return await self._record(group)
        except (OvertakenError, ValueError, TypeError):
            return await self._settle_each([one.told for one in group])

    def _group(self, first: Settlement, others: Neighbours) -> list[_Judged]:
        """As many as can be judged by what is recorded now, and as the journal takes at once."""
        group = [self._judge(first)]
        while not group[-1].teaches and (judged := self._next(group, others)) is not None:
            others.take()
            group.append(judged)
        return group

    def _next(self, group: Sequence[_Judged], others: Neighbours) -> _Judged | None:
        """The next one where it belongs to the group; None where it must wait for a group of its own."""
        told = cast("Settlement | None", others.peek())
        if told is None or any(told.component == one.told.component for one in group):
            return None  # an intent is settled once: the second is judged when the first is folded
        try:
            judged = self._judge(told)
        except Exception:  # noqa: BLE001 - it will be the first of a group, and fail alone
            return None
        events = sum(len(one.events) for one in group) + len(judged.events)
        return judged if events <= self._recorder.group_events_max else None

    def _judge(self, told: Settlement) -> _Judged:
        state = self._recorder.state
        component, record = state.component(told.component), state.components.of(told.component)
        if component is None or record.intent is None or record.intent.sequence != told.intent:
            return _Judged(told)
        now = self._clock.wall()
        if isinstance(told, StepAnswered):
            events = after_answer(
                state,
                component,
                StepOutcome(told.outcome),
                reason=told.reason,
                request_id=told.request_id,
                seen=told.seen,
                now=now,
                limits=self._limits,
            )
        else:
            events = after_deadline(
                component, record, told.seen, compensate=told.compensate, now=now, limits=self._limits
            )
        return _Judged(told, events)

    async def _record(self, group: Sequence[_Judged]) -> list[SettlementAnswer]:
        """Raises `OvertakenError` where another plan came first: it may count other costs."""
        parts = [(component_actor(one.told.component), one.events, one.told.intent) for one in group if one.events]
        if not parts:
            return [None] * len(group)
        plan = self._recorder.state.plan
        try:
            recorded = await self._recorder.record_together(parts, still=lambda: self._recorder.state.plan is plan)
        except JournalRefusedError as refused:
            return [NotRecorded(str(refused)) if one.events else None for one in group]
        undone = {
            each.event.component: granted(each.event, each.sequence)
            for each in recorded
            if isinstance(each.event, StepIntended)
        }
        return [undone.get(one.told.component) for one in group]

    async def _settle_each(self, told: Sequence[Settlement]) -> list[SettlementAnswer]:
        answers: list[SettlementAnswer] = []
        failures: list[Exception] = []
        for one in told:
            try:
                answers += await self._settle_alone(one)
            except (ValueError, TypeError) as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return answers

    async def _settle_alone(self, told: Settlement) -> list[SettlementAnswer]:
        while True:
            try:
                return await self._record([self._judge(told)])
            except OvertakenError:
                continue


def granted(intent: StepIntended, sequence: int) -> StepGranted:
    """An intent, and the event that recorded it, as its component is told of it."""
    return StepGranted(sequence, intent.step, intent.token, intent.generation, intent.deadline_at, intent.attempt)

"""What became of the components' intents: many are told at once, and one synchronisation of the journal serves them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from daemon.actors.names import component_actor
from daemon.actors.recording import NotRecorded
from daemon.messages import IntentUnreachable, StepAnswered, StepGranted
from daemon.recorder import Recorder
from machines.events import BreakerChanged, Event, StepIntended, StepOutcome
from machines.granting import GrantLimits
from machines.outcomes import after_answer, after_deadline
from machines.ports.clock import Clock
from machines.ports.journal import JournalRefusedError

Settlement = StepAnswered | IntentUnreachable


class _Judged(msgspec.Struct, frozen=True):
    """What one settlement records; where there are no events it says nothing new."""

    component: str
    events: Sequence[Event] = ()
    cause: int | None = None

    @property
    def answer(self) -> StepGranted | None:
        """The step that takes back what is half made, where there is one."""
        last = self.events[-1] if self.events else None
        return granted(last) if isinstance(last, StepIntended) else None


class Settlements:
    """Records what became of intents, on behalf of the supervisor; each component has one open intent at most."""

    def __init__(self, recorder: Recorder, clock: Clock, limits: GrantLimits) -> None:
        self._recorder = recorder
        self._clock = clock
        self._limits = limits

    async def settle(self, settlements: Sequence[Settlement]) -> list[StepGranted | NotRecorded | None]:
        """What each is answered, in their order: a step to take next, None, or that the journal takes nothing."""
        waiting = deque(settlements)
        answers: list[StepGranted | NotRecorded | None] = []
        while waiting:
            answers += await self._record(self._judge_next(waiting))
        return answers

    def _judge_next(self, waiting: deque[Settlement]) -> list[_Judged]:
        """As many as what is recorded now can judge: one of each component, and none after what a breaker learns."""
        judged: list[_Judged] = []
        components: set[str] = set()
        room = self._recorder.group_events_max
        while waiting and waiting[0].component not in components and room > 0:
            one = self._judge(waiting.popleft())
            judged.append(one)
            components.add(one.component)
            room -= len(one.events)
            if any(isinstance(event, BreakerChanged) for event in one.events):
                break
        return judged

    def _judge(self, settlement: Settlement) -> _Judged:
        state, name = self._recorder.state, settlement.component
        component, record = state.component(name), state.components.of(name)
        if component is None or record.intent is None:
            return _Judged(name)
        now = self._clock.wall()
        if isinstance(settlement, StepAnswered):
            events = after_answer(
                state,
                component,
                StepOutcome(settlement.outcome),
                reason=settlement.reason,
                request_id=settlement.request_id,
                seen=settlement.seen,
                now=now,
                limits=self._limits,
            )
        else:
            events = after_deadline(
                component, record, settlement.seen, compensate=settlement.compensate, now=now, limits=self._limits
            )
        return _Judged(name, events, record.intent.sequence)

    async def _record(self, judged: Sequence[_Judged]) -> list[StepGranted | NotRecorded | None]:
        parts = [(component_actor(one.component), one.events, one.cause) for one in judged if one.events]
        if parts:
            try:
                await self._recorder.record_together(parts)
            except JournalRefusedError as refused:
                return [NotRecorded(str(refused))] * len(judged)
        return [one.answer for one in judged]


def granted(intent: StepIntended) -> StepGranted:
    """An intent as its component is told of it."""
    return StepGranted(intent.step, intent.token, intent.generation, intent.deadline_at, intent.attempt)

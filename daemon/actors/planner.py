"""The planner: judges what closed, records the decisions, and lets the supervisor act on the last of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from config.instants import DAY
from daemon.actors.recording import RecordingActor
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.kernel import Kernel
from daemon.messages import MonthsClosed, Reconsider, Tick
from daemon.recorder import OvertakenError, Recorder
from machines.deciding.facts import Decision
from machines.events import ApprovalAsked, ApprovalEnded, Event, LevelDecided
from machines.granting import APPROVAL_LIVES_DAYS
from machines.judging import overtaken_hold, undecided
from machines.ports.clock import Clock
from machines.state.operators import level_hold_ended
from machines.state.whole import REPLACED, waits_for_approval

NAME = "planner"


class Planner(RecordingActor):
    """Decides levels. It is the only writer of `LevelDecided`."""

    __slots__ = ("_clock", "_days_through", "_kernel", "_recorder", "_tick_s")

    def __init__(
        self, *, recorder: Recorder, kernel: Kernel, clock: Clock, days_through: Callable[[], int], tick_s: float
    ) -> None:
        """`days_through` says until when revenue is known well enough to judge a day's end."""
        super().__init__(NAME)
        self._recorder = recorder
        self._kernel = kernel
        self._clock = clock
        self._days_through = days_through
        self._tick_s = tick_s

    async def started(self) -> None:
        """Months may have closed that a killed daemon did not judge any more."""
        self._kernel.tell(NAME, MonthsClosed())
        self._tick_later()

    async def handle(self, message: msgspec.Struct) -> object | None:
        """Judge what is due."""
        match message:
            case MonthsClosed():
                await self._judge()
            case Tick():
                self._tick_later()
                await self._judge()
            case _:
                raise TypeError(f"the planner understands no {type(message).__name__}")
        return None

    async def _judge(self) -> None:
        state = self._recorder.state
        if state.frozen:
            return  # asked again at the next tick: what is frozen decides nothing
        decisions = undecided(state, self._days_through(), self._clock.wall())
        if not decisions:
            return
        last = decisions[-1]
        events: list[Event] = [LevelDecided(decision, actuated=decision is last) for decision in decisions]
        events.extend(self._approvals(last))
        if overtaken := overtaken_hold(state, decisions):
            events.extend(level_hold_ended(state.operators, overtaken))
        rests_on = self._rests_on()
        try:
            await self._recorder.record(
                NAME,
                events,
                cause=state.sequence or None,
                effective_at=last.at,
                still=lambda: self._rests_on() == rests_on,
            )
        except OvertakenError:
            self._kernel.tell(NAME, MonthsClosed())  # judge again by what came first
            return
        self._kernel.tell(SUPERVISOR, Reconsider())

    def _rests_on(self) -> tuple[object, ...]:
        """What a decision must not have overtaken: a freeze, another plan or decision, an answered question, a hold."""
        state = self._recorder.state
        return (
            state.frozen,
            state.plan_fingerprint,
            state.deciding.sequence,
            state.deciding.released_level,
            tuple(state.operators.approvals.items()),
            state.operators.level,
            tuple(state.operators.attested.items()),
            tuple(state.operators.thresholds.items()),
            state.revenue.counters.corrections,
        )

    def _approvals(self, decision: Decision) -> list[Event]:
        """Ask for the approval that the plan demands; a question about another level is no longer the one to answer."""
        state = self._recorder.state
        assert state.plan is not None
        subject = f"level:{decision.level}"
        waits = waits_for_approval(state.plan, state.deciding.released_level, decision.level)
        open_questions = {
            approval_id: asked.subject
            for approval_id, asked in state.operators.approvals.items()
            if asked.subject.startswith("level:") and not asked.approved_by
        }
        events: list[Event] = [
            ApprovalEnded(approval_id, REPLACED)
            for approval_id, asked_of in open_questions.items()
            if not waits or asked_of != subject
        ]
        if waits and subject not in open_questions.values():
            events.append(
                ApprovalAsked(
                    approval_id=f"level-{decision.level}-{state.sequence + 1}",
                    subject=subject,
                    reason=decision.cause,
                    by=NAME,
                    until=self._clock.wall() + APPROVAL_LIVES_DAYS * DAY,
                )
            )
        return events

    def _tick_later(self) -> None:
        due_s = asyncio.get_running_loop().time() + self._tick_s
        self._kernel.timers.schedule(due_s, self._kernel.find(NAME), Tick())

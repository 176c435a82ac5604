"""The supervisor: holds the cap, the breakers and the record of every component; grants or refuses each step.

It is the only writer of component, breaker and expiry events, so that two grants can never both fit the last free euro.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, cast

import msgspec

from config.instants import Instant
from config.plan import Plan
from daemon.actors.names import component_actor
from daemon.actors.recording import NotRecorded, RecordingActor
from daemon.actors.settlements import Settlement, Settlements, granted
from daemon.kernel import Kernel, Neighbours, UnknownActor
from daemon.messages import (
    IntentUnreachable,
    Move,
    NameRefused,
    ParkAsked,
    Reconsider,
    SightReported,
    StepAnswered,
    StepAsked,
    StepGranted,
    StepRefused,
    TargetAsked,
    Tick,
)
from daemon.recorder import OvertakenError, Recorder
from machines.events import ComponentParked, Event, ResourceAdopted
from machines.granting import Grant, GrantLimits, Refusal, judge_step
from machines.lifecycle_states import ComponentState
from machines.moving import Order, moves, order_of, wanted_states
from machines.outcomes import after_sight, held, not_adopted, releases
from machines.ports.clock import Clock
from machines.ports.journal import JournalRefusedError
from machines.state.operators import expired
from machines.stepping import Sight

NAME = "supervisor"
RETRY_JOURNAL_S = 5.0
EXPIRY_TICK_S = 5.0
"""How often expired pins, pauses, levels, thresholds, attestations and approvals are looked for."""


class Supervisor(RecordingActor):
    """Grants, refuses, records; tells the components where to go."""

    taken_together: ClassVar = frozenset({StepAnswered, IntentUnreachable})
    __slots__ = (
        "_allowed",
        "_blocked",
        "_clock",
        "_epoch",
        "_kernel",
        "_limits",
        "_order",
        "_over_cap",
        "_plan",
        "_reconsidering",
        "_recorder",
        "_seen",
        "_settlements",
        "_spawn_component",
        "_untold",
    )  # fmt: skip

    def __init__(
        self,
        *,
        recorder: Recorder,
        kernel: Kernel,
        clock: Clock,
        epoch: int,
        limits: GrantLimits,
        spawn_component: Callable[[str], None],
        over_cap: Callable[[str], None],
    ) -> None:
        """`spawn_component` gives a component that a new plan brought its actor; `over_cap` hears of refused steps."""
        super().__init__(NAME)
        self._recorder = recorder
        self._kernel = kernel
        self._clock = clock
        self._epoch = epoch
        self._limits = limits
        self._settlements = Settlements(recorder, clock, limits)
        self._spawn_component = spawn_component
        self._over_cap = over_cap
        self._plan: Plan | None = None
        self._order: Order | None = None
        self._allowed: dict[str, ComponentState] = {}
        self._blocked: set[str] = set()
        """Components that were refused until something changes: they are told again at every change."""
        self._untold: set[str] = set()
        """Components that do not know what they may: one that began anew, or whose mailbox was full."""
        self._seen: tuple[object, ...] = ()
        self._reconsidering = False

    async def started(self) -> None:
        """Look at the whole state once; it may have changed while nobody watched."""
        self._reconsidering = False
        self._allowed, self._blocked, self._untold = {}, set(), set()
        self._seen = ()  # what waits already is not judged before it was reconsidered who may move
        self._wake()
        self._tick_later()

    async def handle(self, message: msgspec.Struct) -> object | None:
        """Handle one request of a component, or reconsider who may move; what became of a step comes together."""
        match message:
            case StepAsked():
                return await self._grant(message)
            case SightReported():
                await self._sighted(message)
            case NameRefused():
                await self._name_refused(message)
            case ParkAsked():
                await self._record(ComponentParked(message.component, message.reason))
            case TargetAsked():
                self._untold.add(message.component)
            case Reconsider():
                await self._reconsider()
                return None
            case Tick():
                self._tick_later()
                if not await self._expire() and not self._untold and self._seen == self._marker():
                    return None
            case _:
                raise TypeError(f"the supervisor understands no {type(message).__name__}")
        self._wake()
        return None

    async def receive_together(self, first: msgspec.Struct, others: Neighbours) -> Sequence[object | None]:
        """Record what became of intents, then reconsider who may move.

        Answers as `receive` does: `NotRecorded` where the journal takes nothing.
        """
        answers = await self._settlements.settle(cast("Settlement", first), others)  # by `taken_together`
        if any(not isinstance(answer, NotRecorded) for answer in answers):
            self._wake()
        return answers

    async def _grant(self, asked: StepAsked) -> StepGranted | StepRefused:
        while True:
            if self._marker() != self._seen:
                await self._reconsider()
            now = self._clock.wall()
            judged = self._judge(asked, now)
            if isinstance(judged, Refusal):
                return await self._refuse(asked, judged)
            still = partial(self._still, asked, now, judged)
            cause = self._recorder.state.deciding.sequence
            try:
                recorded = await self._recorder.record(NAME, judged.events, cause=cause, still=still)
            except OvertakenError:
                continue  # a decision, a freeze or a command came first: judge by what it says
            except JournalRefusedError as refused:
                return StepRefused(f"the journal takes nothing: {refused}", RETRY_JOURNAL_S)
            return granted(judged.intent, recorded[-1].sequence)

    def _judge(self, asked: StepAsked, now: Instant) -> Grant | Refusal:
        return judge_step(
            self._recorder.state,
            asked.component,
            asked.step,
            allowed=self._allowed,
            now=now,
            epoch=self._epoch,
            limits=self._limits,
        )

    def _still(self, asked: StepAsked, now: Instant, judged: Grant) -> bool:
        return self._marker() == self._seen and self._judge(asked, now) == judged

    async def _refuse(self, asked: StepAsked, judged: Refusal) -> StepRefused:
        if judged.withdrawn or judged.retry_after_s is None:
            self._blocked.add(asked.component)
        if judged.withdrawn and asked.component in self._allowed:
            self._wake()  # it asked with an older target in mind
        if judged.over_cap:
            self._over_cap(asked.component)
        if judged.events:
            await self._record(*judged.events)
        return StepRefused(judged.reason, judged.retry_after_s, withdrawn=judged.withdrawn)

    async def _sighted(self, message: SightReported) -> None:
        state = self._recorder.state
        component, record = state.component(message.component), state.components.of(message.component)
        if component is None or record.intent is not None or state.plan is None:
            return
        if message.resource != record.resource_name:
            return  # an operator named another resource since that look
        wanted = wanted_states(state.plan, state).get(component.id, ComponentState.COLD)
        found = after_sight(component, record, message.seen, Sight(message.sight), self._clock.wall(), wanted=wanted)
        pinned = component.id in state.operators.pins
        holds = [
            pin for each in found if isinstance(each, ResourceAdopted) for pin in held(each, wanted, pinned=pinned)
        ]
        if found:
            await self._recorder.record(component_actor(component.id), [*found, *holds])

    async def _name_refused(self, message: NameRefused) -> None:
        record = self._recorder.state.components.of(message.component)
        if record.intent is None and record.resource_name == message.resource:
            refused = not_adopted(record.id, message.resource, f"cannot be looked at: {message.reason}")
            await self._recorder.record(component_actor(record.id), refused)

    async def _expire(self) -> bool:
        now, state = self._clock.wall(), self._recorder.state
        ended = expired(state.operators, now)
        if not ended:
            return False
        try:
            await self._recorder.record(NAME, ended, still=lambda: expired(state.operators, now) == ended)
        except OvertakenError:
            return False  # an operator renewed what had run out; the next tick looks again
        return True

    async def _record(self, *events: Event) -> None:
        await self._recorder.record(NAME, events)

    def _marker(self) -> tuple[object, ...]:
        """What must not have changed since `_allowed` was worked out, lest a step be granted that nobody wants."""
        state = self._recorder.state
        deciding, operators = state.deciding, state.operators
        return (
            state.mode,
            state.frozen,
            state.plan_fingerprint,
            deciding.sequence,
            deciding.released_level,
            operators.level,
            operators.pause,
            tuple(operators.pins.items()),
        )

    def _wake(self) -> None:
        """Reconsider after the messages that wait already: a burst of answers costs one look at all components."""
        if not self._reconsidering:
            self._reconsidering = self._kernel.tell(NAME, Reconsider())

    async def _reconsider(self) -> None:
        """Work out anew who may move, and tell those for whom it changed."""
        self._reconsidering = False
        self._seen = ()  # until it is done: the journal may take nothing
        state = self._recorder.state
        plan = state.plan
        if plan is None:
            return
        if plan is not self._plan:
            self._plan, self._order = plan, order_of(plan)
            for component_id in plan.components:
                self._spawn_component(component_id)
        assert self._order is not None
        given_back = releases(state, wanted_states(plan, state))
        if given_back:
            await self._record(*given_back)
        self._seen = self._marker()
        before, self._allowed = self._allowed, moves(plan, state, self._order)
        again = self._blocked | self._untold
        self._blocked, self._untold = set(), set()
        for component_id, target in self._allowed.items():
            if before.get(component_id) is not target or component_id in again:
                self._tell(component_id, Move(target))

    def _tell(self, component_id: str, message: msgspec.Struct) -> None:
        try:
            taken = self._kernel.tell(component_actor(component_id), message)
        except UnknownActor:
            return
        if not taken:
            self._untold.add(component_id)

    def _tick_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._kernel.timers.schedule(loop.time() + EXPIRY_TICK_S, self._kernel.find(NAME), Tick())

"""A component: looks at the world, compares, asks for one step, takes it, records the outcome, and looks again."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog

from config.instants import SECOND
from config.plan import Component
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.actors.supervisor import component_actor
from daemon.actuator import Actuator, Answer
from daemon.kernel import Actor, ActorFailed, ActorParked, ActorRefused, AskTimeout, Kernel, TimerId
from daemon.messages import (
    IntentUnreachable,
    Look,
    Move,
    NameRefused,
    ParkAsked,
    SightReported,
    StepAnswered,
    StepAsked,
    StepGranted,
    StepRefused,
    TargetAsked,
)
from daemon.recorder import Recorder
from machines.events import Mode, StepOutcome
from machines.lifecycle import next_step
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import CallError, Permanent, Transient
from machines.state.components import ComponentRecord
from machines.stepping import Resolution, Sight, compare, keeps_for_repair, known_tokens, resolve

_LEFT: Final = {Sight.DIFFERS: ComponentState.HOT, Sight.REPAIR_DROPPED: ComponentState.WARM}
"""Where what serves otherwise than wished stays recorded while nobody wants it repaired, or still does."""


class ComponentTimes(msgspec.Struct, frozen=True):
    """How long a component waits, in seconds of the loop."""

    ask_timeout_s: float = 30
    observe_every_s: float = 60
    poll_every_s: float = 2
    """While the provider is still at work."""
    retry_initial_s: float = 1
    retry_max_s: float = 300
    consistency_grace_s: float = 60
    """How long after a confirmed step a contradicting look is put down to the provider's slow view."""


class Surroundings(msgspec.Struct, frozen=True):
    """What all component actors share: one object, so that a hundred thousand of them stay small."""

    recorder: Recorder
    kernel: Kernel
    actuator: Actuator
    clock: Clock
    epoch: int
    times: ComponentTimes


class ComponentActor(Actor):
    """One component's lifecycle. Everything it must remember is in the folded state; only its aim is its own."""

    __slots__ = (
        "_around",
        "_called_at_s",
        "_component_id",
        "_doubted",
        "_looks_failed",
        "_looks_least_s",
        "_lowered",
        "_target",
        "_timer",
        "_unseen_because",
        "_withdrawn",
    )

    def __init__(self, component_id: str, around: Surroundings) -> None:
        super().__init__(component_actor(component_id))
        self._around = around
        self._component_id = component_id
        self._target: ComponentState | None = None
        self._doubted: tuple[Sight, str] | None = None
        """What one look has shown, and the name of the resource that it was at."""
        self._looks_failed = 0
        """How many looks in a row."""
        self._looks_least_s = 0.0
        """How long it waits at least before it looks again, while the supervisor takes nothing."""
        self._lowered = 0
        """The intent of the lowering that one look has shown to be done, by its sequence number."""
        self._called_at_s: float | None = None
        """When the last changing call ended, on the loop's clock; None where a predecessor may have called."""
        self._timer: TimerId | None = None
        self._unseen_because = ""
        """Why the last look failed; "" where it showed something."""
        self._withdrawn: tuple[int, ComponentState | None] | None = None
        """The intent that the supervisor wants no more, by its sequence number, and the target it was asked with."""

    async def receive(self, message: msgspec.Struct) -> object | None:
        """Move towards a target, or look."""
        match message:
            case Move():
                self._target = message.target
                if message.target is not ComponentState.COLD:
                    self._withdrawn = None  # it is wanted again
            case Look():
                self._forget_timer()
            case _:
                raise TypeError(f"a component understands no {type(message).__name__}")
        await self._advance()
        return None

    async def restart(self) -> None:
        """After a failure nothing is remembered but the record: look."""
        self._target, self._doubted, self._timer, self._lowered = None, None, None, 0
        self._called_at_s, self._withdrawn = None, None
        self._looks_failed, self._looks_least_s = 0, 0.0
        self._unseen_because = ""
        self._around.kernel.tell(SUPERVISOR, TargetAsked(self._component_id))
        self._look_after(self._around.times.retry_initial_s)

    # --- one round ---

    async def _advance(self) -> None:
        """One round: settle what is open, or compare and take the next step."""
        around = self._around
        record = around.recorder.state.components.of(self._component_id)
        component = around.recorder.state.component(self._component_id)
        if component is None or component.host or record.parked:
            return
        name = record.resource_name
        try:
            seen = await self._observe(component)
        except CallError as failed:
            self._say_unseen(failed.reason)
            self._look_after(self._look_again_s(failed))
            if isinstance(failed, Permanent) and name and name == record.resource_name and _to_adopt(record):
                await self._tell_supervisor(NameRefused(self._component_id, name, failed.reason))
            return
        self._looks_failed = 0
        self._say_unseen("")
        if name != record.resource_name:
            self._look_after(0)  # an operator named another resource meanwhile: this look was at the old one
            return
        if record.intent is not None:
            if around.recorder.state.mode is Mode.ACT and not around.actuator.dry_run:
                await self._settle(component, record, seen)
            return
        if await self._sight_differs(record, seen):
            return
        step = next_step(record.state, self._target) if self._target is not None else None
        if step is None:
            if keeps_for_repair(component, record, seen):
                sight = SightReported(self._component_id, seen, Sight.REPAIR_DROPPED.value, record.resource_name)
                await self._tell_supervisor(sight)
            self._look_after(self._rest_s(seen))
            return
        await self._ask_and_take(component, step)

    async def _ask_and_take(self, component: Component, step: Step) -> None:
        reply = await self._ask(StepAsked(self._component_id, step))
        if isinstance(reply, StepGranted):
            await self._take(component, reply)
        elif isinstance(reply, StepRefused):
            await self._refused(component, reply)

    async def _take(self, component: Component, granted: StepGranted) -> None:
        may_show_the_past = self._slow_view_left_s() > 0
        answer = await self._around.actuator.perform(self._plan_id(), component, granted, self._resource_name())
        self._called_at_s = asyncio.get_running_loop().time()
        if not answer.begun:
            return  # the intent stays open for the next start; a stop is no failure that a breaker learns from
        seen = None
        if answer.outcome is StepOutcome.PERMANENT:
            seen = await self._try_observe(component)
            if seen is not None and may_show_the_past and not _shows_what_stood(granted, seen):
                seen = None  # what the step counts stays reserved: an earlier call may show only later
        await self._tell_supervisor(
            StepAnswered(self._component_id, answer.outcome.value, answer.reason, answer.request_id, seen)
        )
        self._after(answer)

    def _after(self, answer: Answer) -> None:
        record = self._around.recorder.state.components.of(self._component_id)
        if answer.outcome is StepOutcome.DONE:
            self._look_on()
        elif answer.outcome is StepOutcome.BEGUN:
            self._look_after(max(self._around.times.poll_every_s, answer.retry_after_s or 0.0))
        else:
            self._look_after(self._retry_delay_s(record, answer.retry_after_s))

    def _look_on(self) -> None:
        """Look for the next step at once; while the journal takes nothing the provider is not asked without a pause."""
        intent = self._around.recorder.state.components.of(self._component_id).intent
        self._look_after(0 if intent is None else self._around.times.retry_initial_s)

    async def _settle(self, component: Component, record: ComponentRecord, seen: Observation) -> None:
        """Settle an open intent by what the provider shows; never repeat it blindly."""
        intent = record.intent
        assert intent is not None
        match resolve(intent, seen, self._around.clock.wall()):
            case Resolution.DONE if intent.step not in RAISING and self._lowered != intent.sequence:
                # One look may lie, and what is given back cannot be taken again: two must agree.
                self._lowered = intent.sequence
                self._look_after(self._around.times.retry_initial_s)
            case Resolution.DONE:
                await self._tell_supervisor(
                    StepAnswered(self._component_id, StepOutcome.DONE.value, "found by its token", "", seen)
                )
                self._look_on()
            case Resolution.WAIT:
                self._lowered = 0
                self._look_after(self._poll_s(seen))
            case Resolution.RETRY if self._withdrawn == (intent.sequence, self._target):
                await self._give_up_unwanted(component, record, seen)
            case Resolution.RETRY:
                await self._ask_and_take(component, intent.step)
            case Resolution.PARK:
                await self._tell_supervisor(
                    ParkAsked(
                        self._component_id, f"{intent.step.value} did not succeed by its deadline: {intent.reason}"
                    )
                )
            case Resolution.ABANDON:
                await self._abandon(component, seen)
            case Resolution.COMPENSATE:
                await self._give_up(component, seen, compensate=True)

    async def _abandon(self, component: Component, seen: Observation) -> None:
        """Give up a raise of which nothing is seen, once the provider's slow view was waited out.

        What it counts is given back, and what was begun may show only then.
        """
        left_s = self._slow_view_left_s()
        if left_s > 0:
            self._look_after(min(left_s, self._around.times.observe_every_s))
            return
        await self._give_up(component, seen, compensate=False)

    def _slow_view_left_s(self) -> float:
        """How long the provider may go on showing what was before the last changing call, ours or a predecessor's."""
        now_s = asyncio.get_running_loop().time()
        if self._called_at_s is None:
            self._called_at_s = now_s
        return self._called_at_s + self._around.times.consistency_grace_s - now_s

    async def _give_up(self, component: Component, seen: Observation, *, compensate: bool) -> None:
        undo = await self._ask(IntentUnreachable(self._component_id, seen, compensate=compensate))
        if isinstance(undo, StepGranted):
            await self._take(component, undo)
        else:
            self._look_after(self._around.times.retry_initial_s)

    async def _refused(self, component: Component, refused: StepRefused) -> None:
        record = self._around.recorder.state.components.of(self._component_id)
        if refused.withdrawn and record.intent is not None:
            self._withdrawn = (record.intent.sequence, self._target)  # asking again would only be told again
            seen = await self._try_observe(component)
            if seen is not None:
                await self._give_up_unwanted(component, record, seen)
                return
        if refused.withdrawn:
            self._target = None
        delay_s = refused.retry_after_s
        self._look_after(self._around.times.observe_every_s if delay_s is None else delay_s)

    async def _give_up_unwanted(self, component: Component, record: ComponentRecord, seen: Observation) -> None:
        """An open raise that nobody wants any more is treated as if its deadline had passed."""
        assert record.intent is not None
        match resolve(record.intent, seen, record.intent.deadline_at):
            case Resolution.ABANDON:
                await self._abandon(component, seen)
            case Resolution.COMPENSATE:
                await self._give_up(component, seen, compensate=True)
            case _:
                self._look_after(0)

    # --- looking ---

    async def _observe(self, component: Component) -> Observation:
        return await self._around.actuator.observe(self._plan_id(), component, self._resource_name())

    def _say_unseen(self, because: str) -> None:
        """Once for each reason: nothing moves while nobody knows what stands."""
        if because == self._unseen_because:
            return
        self._unseen_because = because
        log = structlog.get_logger(self.name)
        if because:
            log.warning("look_failed", component=self._component_id, reason=because)
        else:
            log.info("look_works", component=self._component_id)

    async def _try_observe(self, component: Component) -> Observation | None:
        try:
            return await self._observe(component)
        except CallError:
            return None

    async def _sight_differs(self, record: ComponentRecord, seen: Observation) -> bool:
        """Whether the world differs from the record. Two agreeing looks are needed before it is believed."""
        sight = compare(record, seen, known_tokens(self._plan_id(), record, self._around.epoch), self._target)
        if sight is Sight.UNSETTLED:
            self._look_after(self._poll_s(seen))
            return True
        if sight in (Sight.DRIFTED, Sight.DIFFERS) and self._confirmed_lately(record):
            sight = Sight.AS_RECORDED
        if sight is Sight.AS_RECORDED:
            self._doubted = None
            if record.unmanaged is not None:
                self._look_after(self._around.times.observe_every_s)
            return record.unmanaged is not None
        if (sight, record.resource_name) != self._doubted:
            self._doubted = (sight, record.resource_name)
            self._look_after(self._around.times.retry_initial_s)
            return True
        self._doubted = None
        await self._tell_supervisor(SightReported(self._component_id, seen, sight.value, record.resource_name))
        left = record.state is _LEFT.get(sight)  # nothing was recorded, for it is not its turn: that is no haste
        self._look_after(self._rest_s(seen) if left else self._around.times.retry_initial_s)
        return True

    def _confirmed_lately(self, record: ComponentRecord) -> bool:
        """A provider that has just confirmed a step may show the old state for a while: that is no drift yet."""
        grace = int(self._around.times.consistency_grace_s * SECOND)
        return 0 <= self._around.clock.wall() - record.since < grace

    # --- talking ---

    async def _ask(self, message: msgspec.Struct) -> object | None:
        self._looks_least_s = 0.0
        try:
            return await self._around.kernel.ask(SUPERVISOR, message, self._around.times.ask_timeout_s)
        except ActorParked:
            self._looks_least_s = self._around.times.observe_every_s  # only an operator ends that: it is no haste
            self._look_after(0)
            return None
        except (ActorRefused, ActorFailed, AskTimeout):
            self._look_after(self._around.times.retry_initial_s)
            return None

    async def _tell_supervisor(self, message: msgspec.Struct) -> None:
        """An outcome that was not taken is not lost: the intent stays open and the next look settles it."""
        await self._ask(message)

    def _look_after(self, delay_s: float) -> None:
        kernel = self._around.kernel
        self._forget_timer()
        due_s = asyncio.get_running_loop().time() + max(delay_s, self._looks_least_s)
        self._timer = kernel.timers.schedule(due_s, kernel.find(self.name), Look())

    def _forget_timer(self) -> None:
        """An operator may ask for a look while one is due: without this each such look would be repeated for ever."""
        if self._timer is not None:
            self._around.kernel.timers.cancel(self._timer)
            self._timer = None

    def _poll_s(self, seen: Observation) -> float:
        return max(self._around.times.poll_every_s, seen.look_after_s or 0.0)

    def _rest_s(self, seen: Observation) -> float:
        """The usual time until the next look, or less where the provider announced something, such as a reclaim."""
        times = self._around.times
        announced_s = times.observe_every_s if seen.look_after_s is None else seen.look_after_s
        return max(times.poll_every_s, min(times.observe_every_s, announced_s))

    def _look_again_s(self, failed: CallError) -> float:
        """After a look that failed: longer each time, but never longer than between two looks with nothing to do."""
        times = self._around.times
        backoff_s = min(times.observe_every_s, times.retry_initial_s * 2.0 ** min(self._looks_failed, 30))
        self._looks_failed += 1
        asked_s = failed.retry_after_s if isinstance(failed, Transient) else None
        return max(backoff_s, asked_s or 0.0)

    def _retry_delay_s(self, record: ComponentRecord, retry_after_s: float | None) -> float:
        times = self._around.times
        attempt = record.intent.attempt if record.intent else 1
        backoff_s = min(times.retry_max_s, times.retry_initial_s * 2.0 ** min(attempt - 1, 30))
        return max(backoff_s, retry_after_s or 0.0)

    def _resource_name(self) -> str:
        return self._around.recorder.state.components.of(self._component_id).resource_name

    def _plan_id(self) -> str:
        plan = self._around.recorder.state.plan
        return plan.id if plan is not None else ""


def _to_adopt(record: ComponentRecord) -> bool:
    """Whether the record's name is one that an operator gave and that no look has found yet."""
    return record.state is ComponentState.COLD and record.idle


def _shows_what_stood(granted: StepGranted, seen: Observation) -> bool:
    """Whether a look shows no less than what was confirmed before a refused step, whose only call changed nothing."""
    return granted.attempt == 1 and (granted.step is Step.WARM or seen.state is not ResourceState.ABSENT)

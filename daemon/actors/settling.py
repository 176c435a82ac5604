"""How a component takes a step, and settles an open one by what the provider shows: nothing is repeated blindly."""

from __future__ import annotations

import msgspec

from config.plan import Component
from daemon.actors.looking import LookingActor, Surroundings
from daemon.actors.recording import NotRecorded
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.actuator import Answer
from daemon.kernel import ActorFailed, ActorParked, ActorRefused, AskTimeout
from daemon.messages import IntentUnreachable, ParkAsked, StepAnswered, StepAsked, StepGranted, StepRefused
from machines.events import StepOutcome
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.observations import Observation
from machines.state.components import ComponentRecord, Intent
from machines.stepping import Resolution, resolve, shows_what_stood


class SettlingActor(LookingActor):
    """What asks for one component's steps, takes them, and finds out what became of them."""

    __slots__ = ("_shown", "_target", "_withdrawn")

    def __init__(self, component_id: str, around: Surroundings) -> None:
        super().__init__(component_id, around)
        self._begin_settling()

    def _begin_settling(self) -> None:
        """Nothing is remembered of an earlier life."""
        self._target: ComponentState | None = None
        self._shown: tuple[int, Resolution] | None = None
        """How one look would settle an intent, by its sequence number, where that gives something back."""
        self._withdrawn: tuple[int, ComponentState | None] | None = None
        """The intent that the supervisor wants no more, by its sequence number, and the target it was asked with."""

    async def _ask_and_take(self, component: Component, step: Step) -> None:
        reply = await self._ask(StepAsked(self._component_id, step))
        if isinstance(reply, StepGranted):
            await self._take(component, reply)
        elif isinstance(reply, StepRefused):
            await self._refused(component, reply)

    async def _take(self, component: Component, granted: StepGranted) -> None:
        may_show_the_past = self._slow_view_left_s() > 0
        name = self._record().resource_name
        answer = await self._around.actuator.perform(self._plan_id(), component, granted, name)
        if not answer.begun:
            return  # the intent stays open for the next start; a stop is no failure that a breaker learns from
        if granted.step in RAISING:
            self._note_raise()
        seen = None
        if answer.outcome is StepOutcome.PERMANENT:
            seen = await self._try_observe(component)
            if seen is not None and may_show_the_past and not shows_what_stood(granted.step, granted.attempt, seen):
                seen = None  # what the step counts stays reserved: an earlier call may show only later
        await self._tell_supervisor(
            StepAnswered(
                self._component_id, granted.intent, answer.outcome.value, answer.reason, answer.request_id, seen
            )
        )
        self._after(answer)

    def _after(self, answer: Answer) -> None:
        times, intent = self._around.times, self._record().intent
        if answer.outcome is StepOutcome.DONE:
            self._look_on()
        elif answer.outcome is StepOutcome.BEGUN:
            self._look_after(times.at_work_s(answer.retry_after_s))
        else:
            self._look_after(times.after_attempt_s(intent.attempt if intent else 1, answer.retry_after_s))

    def _look_on(self) -> None:
        """Look for the next step at once; while the journal takes nothing the provider is not asked without a pause."""
        self._look_after(0 if self._record().intent is None else self._around.times.retry_initial_s)

    async def _settle(self, component: Component, record: ComponentRecord, seen: Observation) -> None:
        """Settle an open intent by what the provider shows; never repeat it blindly."""
        intent = record.intent
        assert intent is not None
        match resolve(intent, seen, self._around.clock.wall()):
            case Resolution.DONE if intent.step not in RAISING:
                if self._may_be_given_back(intent, Resolution.DONE):
                    await self._found_done(intent, seen)
            case Resolution.DONE:
                self._note_raise()
                await self._found_done(intent, seen)
            case Resolution.WAIT:
                self._shown = None
                self._look_after(self._around.times.at_work_s(seen.look_after_s))
            case Resolution.RETRY if self._withdrawn == (intent.sequence, self._target):
                await self._give_up_unwanted(component, record, seen)
            case Resolution.RETRY:
                self._shown = None
                await self._ask_and_take(component, intent.step)
            case Resolution.PARK:
                await self._tell_supervisor(
                    ParkAsked(
                        self._component_id, f"{intent.step.value} did not succeed by its deadline: {intent.reason}"
                    )
                )
            case Resolution.ABANDON:
                await self._abandon(component, intent, seen)
            case Resolution.COMPENSATE:
                await self._give_up(component, intent, seen, compensate=True)

    async def _found_done(self, intent: Intent, seen: Observation) -> None:
        done = StepAnswered(self._component_id, intent.sequence, StepOutcome.DONE.value, "found by its token", "", seen)
        await self._tell_supervisor(done)
        self._look_on()

    async def _abandon(self, component: Component, intent: Intent, seen: Observation) -> None:
        """Give up a raise of which nothing is seen: what was begun may show only after the provider's slow view."""
        if self._may_be_given_back(intent, Resolution.ABANDON):
            await self._give_up(component, intent, seen, compensate=False)

    def _may_be_given_back(self, intent: Intent, shown: Resolution) -> bool:
        """What is given back cannot be taken again: looks may show what was before a raise, and one of them may lie.

        So two must agree, both made once the provider's slow view of the last raise was waited out.
        """
        left_s = self._slow_view_left_s()
        if left_s > 0:
            self._shown = None
            self._look_after(min(left_s, self._around.times.observe_every_s))
            return False
        if self._shown != (intent.sequence, shown):
            self._shown = (intent.sequence, shown)
            self._look_after(self._around.times.retry_initial_s)
            return False
        return True

    async def _give_up(self, component: Component, intent: Intent, seen: Observation, *, compensate: bool) -> None:
        undo = await self._ask(IntentUnreachable(self._component_id, intent.sequence, seen, compensate=compensate))
        if isinstance(undo, StepGranted):
            await self._take(component, undo)
        else:
            self._look_after(self._around.times.retry_initial_s)

    async def _refused(self, component: Component, refused: StepRefused) -> None:
        record = self._record()
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
                await self._abandon(component, record.intent, seen)
            case Resolution.COMPENSATE:
                await self._give_up(component, record.intent, seen, compensate=True)
            case _:
                self._shown = None
                self._look_after(0)

    # --- talking ---

    async def _ask(self, message: msgspec.Struct) -> object | None:
        """The supervisor's answer; None where it had none, or could not be asked: then a next look is due."""
        times = self._around.times
        self._looks_least_s = 0.0
        try:
            reply = await self._around.kernel.ask_in_turn(SUPERVISOR, message, times.ask_timeout_s)
        except ActorParked:
            self._looks_least_s = times.observe_every_s  # only an operator ends that: it is no haste
            self._look_after(0)
            return None
        except (ActorRefused, ActorFailed, AskTimeout):
            self._look_after(times.retry_initial_s)
            return None
        if isinstance(reply, NotRecorded):
            self._look_after(times.retry_initial_s)
            return None
        return reply

    async def _tell_supervisor(self, message: msgspec.Struct) -> None:
        """An outcome that was not taken is not lost: the intent stays open and the next look settles it."""
        await self._ask(message)

"""How a component looks: at what, when it looks next, and how long a look may show the past."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from config.instants import SECOND
from config.plan import Component
from daemon.actors.component_times import ComponentTimes
from daemon.actors.names import component_actor
from daemon.actuator import Actuator
from daemon.kernel import Actor, Kernel, TimerId
from daemon.messages import Look
from daemon.recorder import Recorder
from machines.observations import Observation
from machines.ports.clock import Clock
from machines.ports.faults import CallError, Transient
from machines.state.components import ComponentRecord


class Surroundings(msgspec.Struct, frozen=True):
    """What all component actors share: one object, so that a hundred thousand of them stay small."""

    recorder: Recorder
    kernel: Kernel
    actuator: Actuator
    clock: Clock
    epoch: int
    times: ComponentTimes


class LookingActor(Actor):
    """What looks at one component again and again: there is always a next look, and never more than one."""

    __slots__ = (
        "_around",
        "_began_at_s",
        "_component_id",
        "_looks_failed",
        "_looks_least_s",
        "_raised_at_s",
        "_timer",
        "_unseen_because",
    )

    def __init__(self, component_id: str, around: Surroundings) -> None:
        super().__init__(component_actor(component_id))
        self._around = around
        self._component_id = component_id
        self._begin_looking()

    def _begin_looking(self) -> None:
        """Nothing is remembered of an earlier life; its timers are void."""
        self._began_at_s = asyncio.get_running_loop().time()
        self._raised_at_s: float | None = None
        """When a raise was last called or confirmed in this life, on the loop's clock."""
        self._timer: TimerId | None = None
        self._looks_failed = 0
        """How many looks in a row."""
        self._looks_least_s = 0.0
        """How long it waits at least before it looks again, while the supervisor takes nothing."""
        self._unseen_because = ""
        """Why the last look failed; "" where it showed something."""

    # --- what it looks at ---

    async def _observe(self, component: Component) -> Observation:
        return await self._around.actuator.observe(self._plan_id(), component, self._record().resource_name)

    async def _try_observe(self, component: Component) -> Observation | None:
        try:
            return await self._observe(component)
        except CallError:
            return None

    def _record(self) -> ComponentRecord:
        return self._around.recorder.state.components.of(self._component_id)

    def _plan_id(self) -> str:
        plan = self._around.recorder.state.plan
        return plan.id if plan is not None else ""

    def _look_worked(self) -> None:
        self._looks_failed = 0
        self._say_unseen("")

    def _look_failed(self, failed: CallError) -> None:
        self._say_unseen(failed.reason)
        self._looks_failed += 1
        asked_s = failed.retry_after_s if isinstance(failed, Transient) else None
        self._look_after(self._around.times.after_failed_looks_s(self._looks_failed, asked_s))

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

    # --- when it looks next ---

    def _look_after(self, delay_s: float) -> None:
        kernel = self._around.kernel
        self._forget_timer()
        due_s = asyncio.get_running_loop().time() + max(self._until_deadline_s(delay_s), self._looks_least_s)
        self._timer = kernel.timers.schedule(due_s, kernel.find(self.name), Look())

    def _until_deadline_s(self, delay_s: float) -> float:
        """No provider's wish and no cool-down hides that an open intent's deadline passes."""
        intent = self._record().intent
        left_s = (intent.deadline_at - self._around.clock.wall()) / SECOND if intent is not None else 0.0
        return min(delay_s, max(left_s, self._around.times.retry_initial_s)) if left_s > 0 else delay_s

    def _look_at_last(self) -> None:
        """After a round that set no timer: what a round forgot keeps no component from its target (I12)."""
        if self._timer is None:
            self._look_after(self._around.times.observe_every_s)

    def _forget_timer(self) -> None:
        """An operator may ask for a look while one is due: without this each such look would be repeated for ever."""
        if self._timer is not None:
            self._around.kernel.timers.cancel(self._timer)
            self._timer = None

    # --- how long a look may show the past ---

    def _note_raise(self) -> None:
        """Looks may go on showing less than a raise made: it was called just now, or a look just confirmed it."""
        self._raised_at_s = asyncio.get_running_loop().time()

    def _slow_view_left_s(self) -> float:
        """How long a look may still show less than the last raise made; a predecessor may have raised until this life.

        A lowering's own slow view shows more than stands, and gives nothing back.
        """
        raised_at_s = self._began_at_s if self._raised_at_s is None else self._raised_at_s
        return raised_at_s + self._around.times.consistency_grace_s - asyncio.get_running_loop().time()

    def _confirmed_lately(self, record: ComponentRecord) -> bool:
        """A provider that has just confirmed a step may show the old state for a while: that is no drift yet."""
        if self._raised_at_s is not None and self._slow_view_left_s() > 0:
            return True  # whatever the clock on the wall says
        grace = int(self._around.times.consistency_grace_s * SECOND)
        return 0 <= self._around.clock.wall() - record.since < grace

"""The daemon's own actuator, a real provisioner, and the way from there to what it moves in a test's hands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from config.instants import SECOND, Instant
from config.plan import Component
from daemon.actuator import Actuator, Answer
from daemon.messages import StepGranted
from machines.events import StepOutcome
from machines.lifecycle_states import Step
from machines.observations import Observation
from machines.ports.lease import Alone
from machines.ports.provisioner import FoundResource
from tests.contracts.provisioner_harness import ROUNDS_MAX, TOKEN, ProvisionerHarness
from tests.processes.waiting import until
from tests.tcp_proxy import TcpProxy

DEADLINE_S: Final = 20
"""Below what a single call may take: so it is the deadline that ends it."""
PATIENCE_S: Final = 15.0
LIFE: Final = (Step.WARM, Step.ACTIVATE, Step.DEACTIVATE, Step.DECOMMISSION)


class Moment(Alone):
    """The lead of a daemon that shares its journal with nobody: it is asked right before each change of a step."""

    def __init__(self) -> None:
        self.changes = 0
        """How many changes of the present step were begun."""
        self._number = 0
        self._strike: Callable[[], object] = int

    def arrange(self, number: int, strike: Callable[[], object]) -> None:
        """Right before this change of the next step, counted from 1, this happens; 0 for never."""
        self.changes = -1  # the actuator asks once itself, before the call
        self._number, self._strike = number, strike

    def leads(self) -> bool:
        """Always."""
        self.changes += 1
        if self.changes == self._number:
            self._strike()
        return True


class Way:
    """One daemon before one kind, and the proxy between them."""

    def __init__(
        self,
        world: ProvisionerHarness,
        proxy: TcpProxy,
        *,
        settle: Callable[[], object] = int,
        impatient: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """`settle` lets what else is at work there come to its end; `impatient` shortens waits in real time."""
        self.world, self.proxy = world, proxy
        self.settle, self.impatient = settle, impatient
        self.resource = world.resource()
        self.struck = asyncio.Event()
        """Set when what was arranged has happened."""
        provisioner = world.provisioner()
        self._moment = Moment()
        self._component = Component(self.resource.component, 0, provisioner.kind, options=self.resource.options)
        self._actuator = Actuator(
            observers={provisioner.kind: provisioner},
            provisioners={provisioner.kind: provisioner},
            clock=world.clock,
            call_timeout_s=3_600,
            concurrent_calls_max=4,
            stopping=lambda: False,
            leadership=self._moment,
        )

    # What the daemon does

    async def take(self, step: Step, at_change: int = 0, strike: Callable[[], object] = int) -> Answer:
        """One attempt at a step, with the same token as all others; `strike` comes right before this change of it."""
        loop = asyncio.get_running_loop()
        self.struck.clear()

        def struck() -> None:
            strike()
            loop.call_soon_threadsafe(self.struck.set)

        self._moment.arrange(at_change, struck)
        granted = StepGranted(1, step, TOKEN, 1, self.deadline_at(), 1)
        return await self._actuator.perform(self.resource.plan, self._component, granted)

    async def see_through(self, step: Step) -> None:
        """Take it as often as the component's actor does, without faults, until it is done."""
        for _ in range(ROUNDS_MAX):
            answer = await self.take(step)
            if answer.outcome is StepOutcome.DONE:
                return
            assert answer.outcome is StepOutcome.BEGUN or "still changing" in answer.reason, answer
            await asyncio.to_thread(self.settle)
        raise AssertionError(f"{step.value} came to no end in {ROUNDS_MAX} rounds")

    async def take_cut(self, step: Step, at_change: int, strike: Callable[[], object]) -> Answer:
        """The same, where what strikes is not to be waited for."""
        with self.impatient():
            return await self.take(step, at_change, strike)

    async def look(self) -> Observation:
        """One look; raises `CallError` where there was none."""
        return await self._actuator.observe(self.resource.plan, self._component)

    async def listed(self) -> tuple[FoundResource, ...]:
        """All that carries the plan's tag; raises as `look` does."""
        return await self._actuator.list_resources(self._component.provisioner, (self.resource,))

    # What a test sees and does from behind

    def deadline_at(self) -> Instant:
        """Of a step that is granted now."""
        return self.world.clock.wall() + DEADLINE_S * SECOND

    def standing(self) -> tuple[int, list[str]]:
        """How many were ever made, and the tokens of those that stand."""
        return self.world.created(self.resource), self.world.tokens(self.resource)

    async def until_held(self) -> None:
        """Wait until the proxy has what it is to hold: before, nothing was sent."""
        await asyncio.to_thread(until, lambda: self.proxy.held, "a request to be held", PATIENCE_S)

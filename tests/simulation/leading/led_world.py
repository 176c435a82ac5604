"""One installation on which several daemons live: a store with a lease, a server, an infrastructure, a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Final

from adapters.memory_lease import MemoryLeaseStore
from adapters.provisioners.simulated import Hooks, SimulatedProvisioner
from config.instants import SECOND, Instant
from config.plan import Plan
from config.settings import CommandsSettings, Settings
from machines.invariants import Finding
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Transient
from machines.ports.journal import Proposal
from machines.ports.provisioner import Resource, StepBegun, StepDone, StepOrder
from tests.simulation import checks
from tests.simulation.leading.many_processes import outside
from tests.simulation.world import World

SETTINGS: Final = Settings(plan="ladder", commands=CommandsSettings(principals=("operator", "second")))
Goal = tuple[tuple[str, int, ResourceState], ...]
_ORDER: Final[ContextVar[StepOrder | None]] = ContextVar("order", default=None)


class MachineClock:
    """The clock of one machine: its wall is skewed and may be stepped, its monotonic time is nobody else's."""

    def __init__(self, store: World, skew_s: float, uptime_s: float) -> None:
        self._store = store
        self._skew = round(skew_s * SECOND)
        self._uptime_s = uptime_s

    def wall(self) -> Instant:
        """The time as this machine believes it."""
        return self._store.clock.wall() + self._skew

    def monotonic_s(self) -> float:
        """Seconds since this machine was switched on; it counts while a process is held still."""
        return self._store.clock.monotonic_s() + self._uptime_s

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)

    def step(self, seconds: float) -> None:
        """A time server steps the wall."""
        self._skew += round(seconds * SECOND)


class LedWorld(World):
    """What all daemons share, and who watches them: each append, each call, each effect."""

    def __init__(self, plan: Plan, seed: int, settings: Settings = SETTINGS) -> None:
        super().__init__(plan, seed, settings=settings)
        self.server.before_call = self.server.after_call = lambda call: None
        self.lease_clock = MachineClock(self, 0, 0)
        """The store's own: it is stepped as any other machine's."""
        self.lease = MemoryLeaseStore(self.lease_clock)
        self.store.fencing = lambda: self.lease.fencing
        self.appended_by: dict[int, str] = {}
        """Which process wrote under each fencing token."""
        self.acted: dict[str, int] = {}
        """The highest fencing token that acted on each component."""
        self._goals: dict[str, Goal] = {}
        self.leads: list[tuple[float, str, int]] = []
        """When each process began to lead: the second, its name, its token."""

    def appended(self, process: str, fencing: int, group: Sequence[Proposal]) -> None:
        """A group became durable: by the newest token alone, and by one process under each."""
        newest = max(self.appended_by, default=0)
        if fencing < newest:
            self.findings.append(Finding("fencing", f"{process} appends under {fencing}, after {newest}: {group[0]}"))
        if self.appended_by.setdefault(fencing, process) != process:
            text = f"{process} appends under {fencing}, as {self.appended_by[fencing]} did"
            self.findings.append(Finding("fencing", text))
        self.catch_up()

    def effected(self) -> None:
        """A call was answered: where it changed something, none of an older token did after a newer one."""
        order = _ORDER.get()
        if order is not None and self._has_changed(order.resource):
            component, fencing = order.resource.component, order.fencing
            newest = self.acted.get(component, 0)
            if fencing < newest:
                self.findings.append(Finding("fencing", f"{fencing} acts on {component}, after {newest}"))
            self.acted[component] = max(newest, fencing)
        self.findings.extend(checks.infrastructure_findings(self))

    def _has_changed(self, resource: Resource) -> bool:
        """Whether what stands, or is on its way, is another than after the call before."""
        live = self.infrastructure.standing(resource).live
        goal = tuple((each.token, each.generation, each.becomes or each.state) for each in live)
        goal = tuple(each for each in goal if each[2] is not ResourceState.ABSENT)
        before = self._goals.get(resource.component, ())
        self._goals[resource.component] = goal
        return goal != before

    def called(self, call: str, resource: Resource) -> None:
        """A call leaves a process: its intent is journaled, and no open breaker is in its way."""
        if call != "observe":
            self.findings.extend(checks.call_findings(self, call, resource))


class Provider(SimulatedProvisioner):
    """The provisioner of one process, over a network: a request that was sent arrives, however late, whoever died."""

    def __init__(
        self, world: LedWorld, clock: MachineClock, cut: Callable[[], bool], delay_s: Callable[[], float]
    ) -> None:
        """`cut` says whether the process reaches no provider, `delay_s` how long the next request is on its way."""
        super().__init__(world.infrastructure, clock, world.faults, Hooks(before=world.called), keep=world.effected)
        self._cut = cut
        self._delay_s = delay_s

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """Send the request, and wait for the answer."""
        if self._cut():
            raise Transient("no route to the provider", 1.0)
        order.mandate.require(f"{step.value} of {order.resource.component}")
        self._hooks.before(step.value, order.resource)
        answer: asyncio.Future[StepDone | StepBegun] = asyncio.get_running_loop().create_future()
        context = outside()
        context.run(_ORDER.set, order)
        carried = self._carry(answer, self._delay_s(), lambda: self._take(step, order))
        asyncio.get_running_loop().create_task(carried, name=f"{step.value} on its way", context=context)
        found = await asyncio.shield(answer)
        if self._cut():
            raise Ambiguous("the answer did not come back")
        return found

    async def _carry(
        self,
        answer: asyncio.Future[StepDone | StepBegun],
        delay_s: float,
        take: Callable[[], Awaitable[StepDone | StepBegun]],
    ) -> None:
        await asyncio.sleep(delay_s)
        try:
            found = await take()
        except Exception as refused:  # noqa: BLE001 - it is the caller's answer
            if not answer.done():
                answer.set_exception(refused)
                answer.exception()  # the caller may have gone
        else:
            if not answer.done():
                answer.set_result(found)

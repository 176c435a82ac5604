"""The provisioner over the fake world: latencies, faults, and hooks by which a test can crash it anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from adapters.provisioners.simulated.acting import Circumstances, act, fence, still_at_work
from adapters.provisioners.simulated.faults import OBSERVE, Fault, Faults
from adapters.provisioners.simulated.options import SimulatedComponent, component_from
from adapters.provisioners.simulated.world import SimulatedWorld, Standing, differ, settle, take_away, truth
from config.instants import SECOND
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Resource, StepBegun, StepDone, StepOrder

_TRANSIENT_RETRY_S: Final = 10.0


def _nothing(call: str, resource: Resource) -> None:
    """The hook of a run that crashes nowhere."""


class Hooks(msgspec.Struct, frozen=True):
    """Called with the call's name and its resource; what they raise leaves the call, a crash for instance.

    `after` comes when the world has changed and nobody knows the answer yet, refusals included.
    """

    before: Callable[[str, Resource], None] = _nothing
    after: Callable[[str, Resource], None] = _nothing


class SimulatedObserver:
    """Looks at the fake world and changes nothing in it but the counts of the faults."""

    kind = "simulated"

    def __init__(self, world: SimulatedWorld, clock: Clock, faults: Faults, hooks: Hooks = Hooks()) -> None:  # noqa: B008 - frozen
        """Belong to the world's present epoch."""
        self._world = world
        self._clock = clock
        self._faults = faults
        self._hooks = hooks
        self._epoch = world.epoch

    async def observe(self, resource: Resource) -> Observation:
        """Look; the answer may be late, stale or a lie, as the faults have it."""
        self._hooks.before(OBSERVE, resource)
        try:
            seen = await self._look(resource)
        except CallError:
            self._hooks.after(OBSERVE, resource)
            raise
        self._hooks.after(OBSERVE, resource)
        return seen

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """Every live resource of the plan that carries a token."""
        del known
        self._refuse_the_dead()
        now, listed = self._clock.wall(), []
        for name, standing in self._world.components.items():
            owner, _, component = name.partition("/")
            settle(standing, now)
            listed += [
                FoundResource(self.kind, f"{name}#{number}", component, live.token, live.generation, live.state.value)
                for number, live in enumerate(standing.live)
                if owner == plan and live.token
            ]
        return tuple(listed)

    async def close(self) -> None:
        """Nothing is held between calls."""

    async def _look(self, resource: Resource) -> Observation:
        component = component_from(resource)
        fault = self._begin(OBSERVE, resource, component)
        await self._clock.sleep(component.latency_s(OBSERVE) + _extra_s(component, fault))
        self._refuse_the_dead()
        _raise_refusal(fault, OBSERVE)
        standing = self._world.standing(resource)
        settle(standing, self._clock.wall())
        self._contest(resource, standing)
        seen = self._shown(standing)
        if component.script.claimed_by and standing.live:
            seen = msgspec.structs.replace(seen, foreign_writer=component.script.claimed_by)
        if fault is Fault.LIES_ABSENT:
            return Observation(ResourceState.ABSENT)
        if fault is Fault.LIES_HOT:
            return msgspec.structs.replace(seen, state=ResourceState.HOT)
        return seen

    def _begin(self, call: str, resource: Resource, component: SimulatedComponent) -> Fault:
        """Count the call, draw its fault, and let strangers do first what they do."""
        self._refuse_the_dead()
        standing = self._world.standing(resource)
        script = component.once.get(call, ())
        number = standing.calls.get(call, 0)
        standing.calls[call] = number + 1
        scripted = script[number] if number < len(script) else Fault.NONE
        fault = scripted if scripted is not Fault.NONE else self._faults.draw(call, resource, component.per_mille)
        now = self._clock.wall()
        if fault is Fault.VANISHES:
            self._world.vanish(resource, now)
        if fault is Fault.FOREIGN and standing.live:
            settle(standing, now)
            hot = truth(standing).state is ResourceState.HOT
            self._world.foreign_write(resource, ResourceState.WARM if hot else ResourceState.HOT, now)
        if fault is Fault.DIFFERS:
            differ(standing, now)
        if script or fault in (Fault.VANISHES, Fault.FOREIGN, Fault.DIFFERS):
            self._changed()
        return fault

    def _changed(self) -> None:
        """The world is not what it was; an observer has nowhere to write that."""

    def _refuse_the_dead(self) -> None:
        if self._epoch != self._world.epoch:
            raise Ambiguous(f"this process ended with epoch {self._epoch}: nothing it does reaches the world")

    def _contest(self, resource: Resource, standing: Standing) -> None:
        wished = standing.contested_by
        if wished is not None and any(live.state not in (wished, ResourceState.CHANGING) for live in standing.live):
            self._world.foreign_write(resource, wished, self._clock.wall())

    def _shown(self, standing: Standing) -> Observation:
        if standing.shown is None:
            return truth(standing)
        if standing.shown_reads <= 0 and self._clock.wall() >= standing.shown_until:
            standing.shown = None
            return truth(standing)
        standing.shown_reads -= 1
        return standing.shown


class SimulatedProvisioner(SimulatedObserver):
    """Makes and removes resources in the fake world. Held to `tests/contracts/provisioner.py`.

    `keep` is called after every change, to write the world down.
    """

    def __init__(
        self,
        world: SimulatedWorld,
        clock: Clock,
        faults: Faults,
        hooks: Hooks = Hooks(),  # noqa: B008 - frozen
        keep: Callable[[], None] = lambda: None,
    ) -> None:
        """Belong to the world's present epoch."""
        super().__init__(world, clock, faults, hooks)
        self._keep = keep

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The four steps.

        * `warm`: make the resource, with the data of the newest snapshot.
        * `activate`: let it serve.
        * `deactivate`: snapshot its data, then stop serving.
        * `decommission`: remove it; snapshots stay.
        """
        self._hooks.before(step.value, order.resource)
        try:
            order.mandate.require(f"{step.value} of {order.resource.component}")
            done = await self._take(step, order)
        except CallError:
            self._hooks.after(step.value, order.resource)
            raise
        self._hooks.after(step.value, order.resource)
        return done

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone:
        """Remove one resource of those that `list_resources` gave."""
        self._refuse_the_dead()
        mandate.require(f"the removal of {found.name}")
        name, _, _ = found.name.partition("#")
        standing = self._world.components.get(name, Standing())
        live = next((one for one in standing.live if one.token == found.token), None)
        if live is None:
            raise Permanent(f"{found.name} carries the token {found.token} no longer: list the orphans again")
        fence(standing, found.component, mandate.fencing)
        take_away(standing, live, self._clock.wall())
        self._changed()
        return StepDone(f"simulated remove {found.name}", 0)

    async def _take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        component = component_from(order.resource)
        fault = self._begin(step.value, order.resource, component)
        step_s, extra_s = component.latency_s(step.value), _extra_s(component, fault)
        begins = component.script.begins
        latency_s = extra_s if begins else step_s + extra_s
        # The effect comes in the middle, so that a cancellation can fall on either side of it.
        await self._wait(latency_s / 2, order)
        self._refuse_the_dead()
        _raise_refusal(fault, step.value)
        now = self._clock.wall()
        if begins and still_at_work(self._world, step, order, now):
            return self._begun(step, order)
        done = act(self._world, step, order, Circumstances(now, component, fault, step_s if begins else 0))
        self._changed()
        await self._wait(latency_s / 2, order)
        if fault in (Fault.AMBIGUOUS_DONE, Fault.HALF_DONE, Fault.BREAKS):
            raise Ambiguous(f"the answer to {step.value} was lost ({fault.value})")
        if done is None and begins:
            return self._begun(step, order)
        return done or self._answer(step, order)

    async def _wait(self, seconds: float, order: StepOrder) -> None:
        left_s = (order.deadline_at - self._clock.wall()) / SECOND
        await self._clock.sleep(max(0.0, min(seconds, left_s)))
        if seconds > left_s:
            raise Ambiguous(f"no answer came for {order.resource.component} before the deadline")

    def _changed(self) -> None:
        self._keep()

    def _begun(self, step: Step, order: StepOrder) -> StepBegun:
        standing = self._world.standing(order.resource)
        number = standing.calls[step.value]
        left_s = max((live.settles_at - self._clock.wall() for live in standing.live), default=0) / SECOND
        return StepBegun(f"simulated {step.value} {number}", "the provider is at work", max(0.0, left_s))

    def _answer(self, step: Step, order: StepOrder) -> StepDone:
        standing = self._world.standing(order.resource)
        number = standing.calls[step.value]
        cost_micros = truth(standing).cost_micros if standing.live else 0
        return StepDone(f"simulated {step.value} {number}", cost_micros)


def _extra_s(component: SimulatedComponent, fault: Fault) -> int:
    return component.script.slow_s if fault is Fault.SLOW else 0


def _raise_refusal(fault: Fault, call: str) -> None:
    if fault is Fault.TRANSIENT:
        raise Transient(f"the simulated provider refused {call} for now", _TRANSIENT_RETRY_S)
    if fault is Fault.PERMANENT:
        raise Permanent(f"the simulated provider refused {call} for good")
    if fault is Fault.AMBIGUOUS_NOT_DONE:
        raise Ambiguous(f"the simulated provider gave no answer to {call}")

"""One fake provider for each kind, on one fake world: the kind's latencies, consistency, quotas, prices and lists."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from adapters.provisioners.adopted_names import refuse_other_name
from adapters.provisioners.simulated import Hooks, SimulatedProvisioner
from config.instants import SECOND
from machines.lifecycle_states import RAISING, Step
from machines.observations import Observation, ResourceState
from machines.ports.budgets import Reconciled
from machines.ports.dials import DialSeen, DialSetting
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Provisioner, Resource, StepBegun, StepDone, StepOrder
from tests.simulation.swarm.kinds import CHARACTERS, Character

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

KIND_NAMES: Final = tuple(CHARACTERS)
LISTED: Final = tuple(kind for kind, each in CHARACTERS.items() if not each.quick)
THROTTLED_S: Final = (30, 300, 1_800)
LOOKS_OF_A_STEP: Final = 4
"""A provider at work is looked at about so often, as the real adapters ask for."""


class KindProvider:
    """The observer and provisioner of one kind: its options become those of the simulated one."""

    def __init__(self, kind: str, world: SwarmWorld, hooks: Hooks) -> None:
        self.kind = kind
        self._world = world
        self._character = CHARACTERS[kind]
        self._inner = SimulatedProvisioner(world.infrastructure, world.clock, world.faults, hooks)

    async def observe(self, resource: Resource) -> Observation:
        """Look; while a provider is at work it says when to look again, as the real ones do."""
        seen = await self._inner.observe(self._translated(resource))
        if seen.state is not ResourceState.CHANGING:
            return seen
        return msgspec.structs.replace(seen, look_after_s=self._look_after_s(resource))

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """Take one step, unless the provider throttles or the quota is used up."""
        self._refuse_some(step, order.resource)
        return await self.reach(step, order)

    async def reach(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The same past every limit of an account."""
        return await self._inner.take(step, msgspec.structs.replace(order, resource=self._translated(order.resource)))

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """What of this kind carries the plan's tag; () of a kind that has no tags."""
        if self._character.quick:
            return ()
        self._refuse_some(None, Resource(plan, ""))
        found = await self._inner.list_resources(plan, known)
        return tuple(
            msgspec.structs.replace(each, kind=self.kind)
            for each in found
            if self._world.kind_of(each.component) == self.kind and each.token not in self._world.tags_lost
        )

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone:
        """Remove one of those."""
        return await self._inner.remove(found, mandate)

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _translated(self, resource: Resource) -> Resource:
        refuse_other_name(resource, self.kind, f"{resource.plan}/{resource.component}")
        options = self._character.options(self._world.price_of(resource.component))
        return Resource(resource.plan, resource.component, options, "", resource.stateful)

    def _look_after_s(self, resource: Resource) -> float:
        standing = self._world.infrastructure.standing(resource)
        until = max((each.settles_at for each in standing.live), default=0)
        left_s = (until - self._world.clock.wall()) / SECOND
        return max(5.0, min(left_s + 1, _longest_s(self._character) / LOOKS_OF_A_STEP))

    def _refuse_some(self, step: Step | None, resource: Resource) -> None:
        world = self._world
        if world.throttled and world.chance.random() < 0.3:
            world.meets("throttled")
            raise Transient(f"{self.kind}: too many requests", world.chance.choice(THROTTLED_S))
        if step in RAISING and self.kind in world.quotas:
            reason = f"{self.kind}: the quota of the account is used up, {resource.component} cannot be had"
            world.meets("quota")
            raise Permanent(reason) if world.quotas[self.kind] else Transient(reason, 3_600)


class BudgetProvider(KindProvider):
    """The kind that keeps what was spent."""

    async def reconcile(
        self, component: str, period: str, billed_micros: int, reason: str, *, order: str, mandate: Mandate
    ) -> Reconciled:
        """Set what a month has spent; the same order is done once."""
        del reason
        mandate.require(f"the reconciliation of {component}")
        orders = self._world.reconciled
        if order not in orders:
            orders[order] = Reconciled(component, period, 0, billed_micros)
        return orders[order]


class FakeDialBoard:
    """The dials' keys: one is there while its resource is HOT."""

    def __init__(self, world: SwarmWorld) -> None:
        self._world = world

    async def look(self, component: str) -> DialSeen:
        """What the application would see and has measured."""
        self._refuse()
        token = self._token(component)
        setting = self._world.dial_settings.get(component) if token else None
        accuracy = self._world.accuracies.get(component)
        return DialSeen(token, setting, accuracy, 60 if accuracy is not None else 0)

    async def show(self, component: str, token: str, setting: DialSetting) -> bool:
        """Set what it reads."""
        self._refuse()
        if not token or token != self._token(component):
            return False
        self._world.dial_settings[component] = setting
        self._world.accuracies[component] = Decimal(self._world.chance.randrange(50, 100)) / 100
        return True

    async def close(self) -> None:
        """Nothing is held."""

    def _token(self, component: str) -> str:
        standing = self._world.infrastructure.components.get(f"{self._world.plan.id}/{component}")
        hot = [each.token for each in standing.live if each.state is ResourceState.HOT] if standing else []
        return hot[0] if hot else ""

    def _refuse(self) -> None:
        if self._world.is_streams_away:
            raise Transient("the dials' keys cannot be reached")


def providers(world: SwarmWorld, hooks: Hooks) -> Mapping[str, Provisioner]:
    """All kinds on one world."""
    made: dict[str, Any] = {
        kind: (BudgetProvider if kind == "budget" else KindProvider)(kind, world, hooks) for kind in KIND_NAMES
    }
    return made


def kind_of_stranger(component: str) -> str:
    """Of which kind something is that no plan names: the same in every process."""
    return LISTED[zlib.crc32(component.encode()) % len(LISTED)]


def _longest_s(character: Character) -> int:
    return max(character.warm_s, character.activate_s, character.deactivate_s, character.decommission_s, 20)

"""Looking at the keys of one kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from adapters.provisioners.adopted_names import refuse_other_name
from adapters.provisioners.keyed.recipe import KeyRecipe
from adapters.redis_keys import KeyConnection
from adapters.redis_streams.access import ANONYMOUS, RedisAccess
from machines.observations import Observation
from machines.ports.clock import Clock
from machines.ports.provisioner import FoundResource, Resource


class Look(msgspec.Struct, frozen=True):
    """One look: what it means, and what a step needs of it."""

    seen: Observation
    fields: Mapping[str, str]
    now_ms: int
    """Redis's own time."""


class KeyedObserver:
    """Looks at the keys of one kind on one Redis and changes nothing."""

    def __init__(
        self, recipe: KeyRecipe, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS
    ) -> None:
        """Connects on the first look; an empty `url` is refused then."""
        self.kind = recipe.keys.name
        self._recipe = recipe
        self._connection = KeyConnection(recipe.keys, url, instance, clock, access)
        self._clock = clock

    async def observe(self, resource: Resource) -> Observation:
        """The component's key."""
        return (await self._look(resource)).seen

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """Every key of the plan on this Redis and instance, whether known or not."""
        del known
        found = []
        for key in await self._connection.keys():
            component = self._connection.component(key)
            _, fields = await self._connection.look(component)
            if fields.get("plan") == plan:
                found.append(_found(self.kind, key, component, fields))
        return tuple(found)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._connection.close()

    async def _look(self, resource: Resource, limit_s: float | None = None) -> Look:
        refuse_other_name(resource, self.kind, self._connection.key(resource.component))
        self._recipe.wished(resource, 0)  # options that cannot be used are refused before anybody is asked
        now_ms, fields = await self._connection.look(resource.component, limit_s)
        return Look(self._recipe.observation(resource, fields, now_ms), fields, now_ms)


def _found(kind: str, key: str, component: str, fields: Mapping[str, str]) -> FoundResource:
    generation = fields.get("generation", "")
    return FoundResource(
        kind=kind,
        name=key,
        component=component,
        token=fields.get("token", ""),
        generation=int(generation) if generation.isdecimal() else None,
        detail=fields.get("state", ""),
    )

"""The half of every kind at AWS that looks: all that a dry run constructs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Generic

import msgspec

from adapters.blocking_calls import BlockingCalls
from adapters.provisioners.aws.calls import CALL_LIMIT_S, Place
from adapters.provisioners.aws.clients import Clients
from adapters.provisioners.aws.names import arn_of, name_of
from adapters.provisioners.aws.recipe import O, Recipe, Standing, Work
from adapters.provisioners.aws.tags import COMPONENT, PLAN, TOKEN, generation_in
from config.instants import Instant
from machines.observations import Observation
from machines.ports.faults import Permanent
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Resource, StepOrder

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

THREADS_MAX: Final = 4


class AwsObserver(Generic[O]):
    """Looks at one kind by its recipe and changes nothing."""

    def __init__(self, recipe: Recipe[O], surroundings: Surroundings) -> None:
        """Nothing is asked and no client is made before the first call."""
        self.kind = recipe.kind
        self._recipe = recipe
        self._clock = surroundings.clock
        self._clients = Clients(surroundings.environment)
        self._blocking = BlockingCalls(
            f"AWS ({recipe.kind})", surroundings.clock, threads_max=THREADS_MAX, call_limit_s=CALL_LIMIT_S
        )

    async def observe(self, resource: Resource) -> Observation:
        """Look. Raises `Permanent` for options that are not this kind's, else what AWS's answer means."""
        return (await self._look(self._work(resource))).observation

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """What carries the plan's tag in the regions of the known components; the name is the ARN."""
        regions = sorted({self._options(resource).region for resource in known})
        found: list[FoundResource] = []
        for region in regions:
            for each in await self._recipe.tagged(self._place(region), plan):
                if each.tags.get(PLAN) == plan:
                    component, token = each.tags.get(COMPONENT, ""), each.tags.get(TOKEN, "")
                    generation = generation_in(each.tags)
                    found.append(FoundResource(self.kind, each.arn, component, token, generation, f"in {region}"))
        return tuple(found)

    async def close(self) -> None:
        """Let go of connections; threads that still wait for an answer end by themselves."""
        self._blocking.close()
        self._clients.close()

    async def _look(self, work: Work[O]) -> Standing:
        return await self._recipe.look(work)

    def _work(self, resource: Resource, order: StepOrder | None = None) -> Work[O]:
        options = self._options(resource)
        if resource.name.startswith("arn:") and arn_of(resource.name).region not in ("", options.region):
            raise Permanent(
                f"{resource.plan}/{resource.component} was adopted as {resource.name}, "
                f"which is not in the region {options.region} of its options: mend the region, or adopt again"
            )
        place = self._place(options.region, order.deadline_at, order.mandate) if order else self._place(options.region)
        return Work(place, resource, options, name_of(resource, self._recipe.name_characters_max), order)

    def _place(self, region: str, deadline_at: Instant | None = None, mandate: Mandate | None = None) -> Place:
        return Place(self._clients, self._blocking, self._clock, region, deadline_at=deadline_at, mandate=mandate)

    def _options(self, resource: Resource) -> O:
        try:
            return self._recipe.options(resource.options)
        except msgspec.ValidationError as error:
            raise Permanent(
                f"the options of {resource.plan}/{resource.component} are not those of {self.kind}: {error}"
            ) from error

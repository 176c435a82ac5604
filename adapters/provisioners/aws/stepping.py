"""The half of every kind at AWS that acts: look, ask what the step means for what stands, and let the recipe act."""

from __future__ import annotations

from typing import Final

from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.recipe import O, Standing, Work
from adapters.provisioners.look_first import done_already
from config.provisioner_options.aws import REGION_OF_GLOBAL_SERVICES
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Resource, StepBegun, StepDone, StepOrder

_LOOKS_MAX: Final = 3
"""Each further look follows a rival who took the name between look and act."""


class AwsProvisioner(AwsObserver[O]):
    """The whole of one kind. Held to `tests/contracts/provisioner.py`."""

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The four steps.

        * `warm`: make it, serving nobody.
        * `activate`: let it serve.
        * `deactivate`: stop it, its data kept.
        * `decommission`: remove it.
        """
        work = self._work(order.resource, order)
        for _ in range(_LOOKS_MAX):
            standing = await self._look(work)
            if done := done_already(step, order, standing.observation):
                return done
            answer = await self._act(step, work, standing)
            if answer is not None:
                return answer
        raise Ambiguous(f"{work.name} was made and removed by others {_LOOKS_MAX} times: look again")

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """Remove what belongs to nothing, found by its ARN; data that it stores is kept where the service can."""
        arn = arn_of(found.name)
        region = arn.region or REGION_OF_GLOBAL_SERVICES
        options = self._recipe.options_of_orphan(region)
        owner = Resource("orphan", found.component or arn.name, name=found.name, stateful=True)
        work = Work(self._place(region, mandate=mandate), owner, options, arn.name)
        standing = await self._look(work)
        if found.token not in standing.observation.tokens:
            raise Permanent(f"{found.name} is not there under the token {found.token!r} any more: list again")
        if standing.observation.state is ResourceState.CHANGING:
            raise Ambiguous(f"{found.name} is changing: look again")
        return await self._recipe.remove(work, standing)

    async def _act(self, step: Step, work: Work[O], standing: Standing) -> StepDone | StepBegun | None:
        """None where a rival took the name, so that another look decides."""
        if step is Step.WARM:
            return await self._recipe.make(work, standing)
        if step is Step.DECOMMISSION:
            return await self._recipe.remove(work, standing)
        if work.order is not None and work.order.token not in standing.observation.tokens:
            await self._recipe.retag(work, standing)
        act = self._recipe.start if step is Step.ACTIVATE else self._recipe.stop
        return await act(work, standing)

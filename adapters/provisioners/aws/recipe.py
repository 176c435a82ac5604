"""What a kind at AWS states about itself; `stepping` makes an observer and a provisioner of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.tags import tags_of
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource, StepBegun, StepDone, StepOrder


class RegionalOptions(Protocol):
    """The options that every kind has."""

    @property
    def region(self) -> str:
        """Where the resource lives."""
        ...

    @property
    def tags(self) -> dict[str, str]:
        """The operator's own."""
        ...


O = TypeVar("O", bound=RegionalOptions)  # noqa: E741 - the options


class Standing(msgspec.Struct, frozen=True):
    """What one look found: the words of the port, and what AWS said, for the act that follows."""

    observation: Observation
    arn: str = ""
    raw: Mapping[str, Any] = {}


ABSENT = Standing(Observation(ResourceState.ABSENT))


class Work(Generic[O]):
    """One component at one place: what a recipe's methods are called with."""

    def __init__(self, aws: Place, resource: Resource, options: O, name: str, order: StepOrder | None = None) -> None:
        """`order` is None for a look, and where an operator removes what belongs to nothing."""
        self.aws = aws
        self.resource = resource
        self.options = options
        self.name = name
        """The service's own name of the resource, within its length limit."""
        self.order = order

    def tags(self, **more: str) -> dict[str, str]:
        """All tags that belong on what this order makes."""
        if self.order is None:
            raise Permanent(f"{self.name}: without an order nothing is tagged")
        return tags_of(self.order, self.options.tags, **more)


class Tagged(msgspec.Struct, frozen=True):
    """A live resource with its tags."""

    arn: str
    tags: Mapping[str, str]


class Recipe(Protocol[O]):
    """One kind at AWS. Every method raises `Transient`, `Permanent` or `Ambiguous` and nothing else."""

    kind: str
    service: str
    """boto3's name of it, for the list of its regions."""
    name_characters_max: int

    def options(self, plain: Mapping[str, Any]) -> O:
        """The component's options; raises `msgspec.ValidationError`."""
        ...

    def options_of_orphan(self, region: str) -> O:
        """What is assumed of a resource whose component is not known: the most careful options."""
        ...

    async def look(self, work: Work[O]) -> Standing:
        """What stands, `ABSENT` where nothing does. Changes nothing."""
        ...

    async def make(self, work: Work[O], standing: Standing) -> StepDone | StepBegun | None:
        """Make it, or complete what is half-made. None where somebody else took the name since the look."""
        ...

    async def start(self, work: Work[O], standing: Standing) -> StepDone | StepBegun:
        """Warm to hot, and put right what differs."""
        ...

    async def stop(self, work: Work[O], standing: Standing) -> StepDone | StepBegun:
        """Hot to warm."""
        ...

    async def remove(self, work: Work[O], standing: Standing) -> StepDone | StepBegun:
        """To absent. What stores data that must be kept is not destroyed."""
        ...

    async def retag(self, work: Work[O], standing: Standing) -> None:
        """Put the order's tags on what stands under another token or none."""
        ...

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """What carries the plan's tag in one region, complete."""
        ...

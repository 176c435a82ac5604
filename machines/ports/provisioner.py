"""The port of everything that can make, start, stop and remove infrastructure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from config.instants import Instant
from machines.lifecycle_states import Step
from machines.observations import Observation
from machines.ports.mandate import Mandate


class Resource(msgspec.Struct, frozen=True):
    """Which component of which plan: enough to find its resources, whoever made them."""

    plan: str
    component: str
    options: dict[str, Any] = {}
    """The component's `options`, as `config.provisioner_options` validated them."""
    name: str = ""
    """The provider's own name of an adopted resource; "" where the adapter's deterministic name stands."""
    stateful: bool = False
    """What it stores must outlive every step, and is never destroyed without an explicit order."""


class StepOrder(msgspec.Struct, frozen=True):
    """One step to take. The same token means the same step: taking it twice must leave one resource."""

    resource: Resource
    token: str
    """At most 32 characters; put on the resource, so that `observe` can find it."""
    generation: int
    deadline_at: Instant
    """When the caller stops waiting; a later answer is ambiguous."""
    mandate: Mandate = msgspec.field(default_factory=Mandate)
    """Asked right before each single request of the step that changes something."""

    @property
    def fencing(self) -> int:
        """The fencing token of the lease under which the step is taken; 0 where no lease is needed.

        Where the provider can keep it beside the resource, an order with a lower one than it has seen is refused.
        """
        return self.mandate.fencing


class StepDone(msgspec.Struct, frozen=True):
    """The provider's confirmation that the step is complete."""

    request_id: str = ""
    """The provider's own name of the call, where it gives one."""
    cost_micros: int | None = None


class StepBegun(msgspec.Struct, frozen=True):
    """The provider took the request and goes on by itself, or one of several phases is over.

    The caller looks until the goal stands under the token; where a look shows neither that nor CHANGING, it takes the
    step again, which goes on with the next phase.
    """

    request_id: str = ""
    detail: str = ""
    look_after_s: float | None = None
    """Before then a look will show nothing new."""


class FoundResource(msgspec.Struct, frozen=True):
    """A live resource that carries the tag of a plan, whatever the journal knows of it."""

    kind: str
    """The kind of provisioner that can remove it."""
    name: str
    """The provider's own name, unique within the kind, such as an ARN or `<cluster>/<namespace>/Deployment/<name>`."""
    component: str
    token: str
    generation: int | None = None
    detail: str = ""


class Observer(Protocol):
    """The half of an adapter that looks. A dry run constructs nothing else, so nothing in it can change the world."""

    kind: str

    async def observe(self, resource: Resource) -> Observation:
        """Look, and change nothing. A live resource that carries no token shows the token ""."""
        ...

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """All live resources that carry the plan's tag, in the places that `known` resources name.

        Raises as `observe` does: a list that is not complete is no list. () of a world that has no tags.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and threads; the adapter is not used again."""
        ...


class Provisioner(Observer, Protocol):
    """An adapter to one kind of infrastructure, held to `tests/contracts/provisioner.py`.

    Every method raises `Transient`, `Permanent` or `Ambiguous` and nothing else, save cancellation, which the caller
    treats as ambiguous. A step looks before it acts: where the wished state already stands under the token, it is done.
    The mandate is asked right before each request that changes something, and what it raises is passed on.
    """

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """Take one step.

        * `warm`, COLD to WARM: make the resource, serving nobody.
        * `activate`, WARM to HOT: let it serve.
        * `deactivate`, HOT to WARM: snapshot what is stateful, then stop serving.
        * `decommission`, WARM to COLD: remove it; afterwards nothing is billed.
        """
        ...

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """Remove a resource that `list_resources` gave and that belongs to nothing: an operator ordered it.

        Raises `Permanent` where it no longer carries that token, and for a kind that cannot.
        """
        ...

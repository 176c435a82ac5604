"""The port of everything that can make, start, stop and remove infrastructure."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from config.instants import Instant
from machines.observations import Observation


class Resource(msgspec.Struct, frozen=True):
    """Which component of which plan: enough to find its resources, whoever made them."""

    plan: str
    component: str
    options: dict[str, Any] = {}
    """The component's `options`, as `config.provisioner_options` validated them."""


class StepOrder(msgspec.Struct, frozen=True):
    """One step to take. The same token means the same step: taking it twice must leave one resource."""

    resource: Resource
    token: str
    """At most 32 characters; put on the resource, so that `observe` can find it."""
    generation: int
    deadline_at: Instant
    """When the caller stops waiting; a later answer is ambiguous."""


class StepDone(msgspec.Struct, frozen=True):
    """The provider's confirmation that the step is complete."""

    request_id: str = ""
    """The provider's own name of the call, where it gives one."""
    cost_micros: int | None = None


class Observer(Protocol):
    """The half of an adapter that looks. A dry run constructs nothing else, so nothing in it can change the world."""

    kind: str

    async def observe(self, resource: Resource) -> Observation:
        """Look, and change nothing. A live resource that carries no token shows the token ""."""
        ...

    async def close(self) -> None:
        """Let go of connections and threads; the adapter is not used again."""
        ...


class Provisioner(Observer, Protocol):
    """An adapter to one kind of infrastructure, held to `tests/contracts/provisioner.py`.

    Every method raises `Transient`, `Permanent` or `Ambiguous` and nothing else, save cancellation, which the caller
    treats as ambiguous. A step looks before it acts: where the wished state already stands under the token, it is done.
    """

    async def warm(self, order: StepOrder) -> StepDone:
        """COLD to WARM: make the resource, serving nobody."""
        ...

    async def activate(self, order: StepOrder) -> StepDone:
        """WARM to HOT: let it serve."""
        ...

    async def deactivate(self, order: StepOrder) -> StepDone:
        """HOT to WARM: snapshot what is stateful, then stop serving."""
        ...

    async def decommission(self, order: StepOrder) -> StepDone:
        """WARM to COLD: remove it; afterwards nothing is billed."""
        ...

"""How the provisioner's contract reaches one kind of world."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod

from adapters.clocks import AcceleratedClock
from config.instants import SECOND
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Provisioner, Resource, StepBegun, StepDone, StepOrder

ORIGIN = 1_704_067_200 * SECOND
TOKEN = "svcontracttoken00000000000000001"
ROUNDS_MAX = 50
GOALS = {
    "warm": ResourceState.WARM,
    "activate": ResourceState.HOT,
    "deactivate": ResourceState.WARM,
    "decommission": ResourceState.ABSENT,
}


class Trouble(enum.Enum):
    """What a harness arranges for the next call."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    LOST_BEFORE = "lost_before"
    """The request was lost: not done, and nobody says so."""
    LOST_AFTER = "lost_after"
    """Done, and the answer was lost."""
    HALF = "half"
    """Half-made, and the answer was lost; of `warm` only."""
    SLOW = "slow"
    """No end within an hour."""


class ProvisionerHarness(ABC):
    """How the contract reaches one kind of world; every provisioner it hands out is that of another process."""

    lists = True
    """Whether this kind can list what carries a plan's tag."""
    fences = False
    """Whether this kind remembers the highest fencing token beside the resource."""
    phased: frozenset[str] = frozenset()
    """The steps that take several calls to the provider: after one lost answer they stand in between."""

    def __init__(self) -> None:
        """Time runs as usual and can be advanced."""
        self.clock = AcceleratedClock(ORIGIN, 1.0)

    def advance(self, seconds: int) -> None:
        """Let so much time pass at once."""
        self.clock.advance_to(self.clock.wall() + seconds * SECOND)

    @abstractmethod
    def provisioner(self) -> Provisioner:
        """The adapter of a new process, on the same world."""

    @abstractmethod
    def resource(self, component: str = "web") -> Resource:
        """A component that can be made in this world."""

    @abstractmethod
    def created(self, resource: Resource) -> int:
        """How many resources were ever made for it."""

    @abstractmethod
    def tokens(self, resource: Resource) -> list[str]:
        """The tokens on its live resources, from behind the adapter's back."""

    @abstractmethod
    def image(self) -> object:
        """The whole world, comparable by `==`."""

    @abstractmethod
    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """The next `call` meets this trouble once; `pytest.skip` with a sentence where this world cannot."""

    @abstractmethod
    async def begun(self) -> None:
        """Wait until the slow call is at work."""

    @abstractmethod
    def vanish(self, resource: Resource) -> None:
        """Somebody deletes it behind our back."""

    @abstractmethod
    def write_data(self, resource: Resource, text: str) -> None:
        """The application stores something."""

    @abstractmethod
    def data(self, resource: Resource) -> str:
        """What the application finds stored; empty where nothing is."""

    def name_of_nothing(self, resource: Resource) -> str:
        """A name to adopt by under which nothing stands: by default one that is nobody's, an ARN of no region."""
        del resource
        return "arn:aws:none:nowhere-1:000000000000:thing/no-such-resource"

    def order(
        self,
        resource: Resource,
        token: str = TOKEN,
        generation: int = 1,
        within_s: int = 600,
        *,
        fencing: int = 0,
        mandate: Mandate | None = None,
    ) -> StepOrder:
        """A step to take."""
        mandate = mandate or Mandate(fencing)
        return StepOrder(resource, token, generation, self.clock.wall() + within_s * SECOND, mandate)

    async def walk(self, resource: Resource, *steps: str) -> None:
        """Take steps that must succeed, each by a process of its own."""
        for step in steps:
            await call(self.provisioner(), step, self.order(resource))


async def call(provisioner: Provisioner, step: str, order: StepOrder) -> StepDone:
    """The step by its name, seen through as the component actor does it: begun, looked at, gone on with."""
    for _ in range(ROUNDS_MAX):
        answer = await provisioner.take(Step(step), order)
        if isinstance(answer, StepDone):
            return answer
        assert isinstance(answer, StepBegun)
        seen = await provisioner.observe(order.resource)
        for _ in range(ROUNDS_MAX):
            if seen.state is not ResourceState.CHANGING:
                break
            seen = await provisioner.observe(order.resource)
        if seen.state is GOALS[step] and not seen.differences and (order.token in seen.tokens or not seen.tokens):
            return StepDone(answer.request_id)
    raise AssertionError(f"{step} came to no end in {ROUNDS_MAX} rounds")

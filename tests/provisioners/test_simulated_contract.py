"""The simulated provisioner does what every provisioner must do."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest

from adapters.provisioners.simulated import Fault, Faults, SimulatedProvisioner, SimulatedWorld
from machines.ports.provisioner import Resource
from tests.contracts.provisioner import ProvisionerContract
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble

FAULTS = {
    Trouble.TRANSIENT: Fault.TRANSIENT,
    Trouble.PERMANENT: Fault.PERMANENT,
    Trouble.LOST_BEFORE: Fault.AMBIGUOUS_NOT_DONE,
    Trouble.LOST_AFTER: Fault.AMBIGUOUS_DONE,
    Trouble.HALF: Fault.BREAKS,
    Trouble.SLOW: Fault.SLOW,
}


class FakeWorld(ProvisionerHarness):
    """One world object; every provisioner has the same one-shot faults."""

    def __init__(self) -> None:
        """An empty world."""
        super().__init__()
        self.world = SimulatedWorld()
        self.faults = Faults(random.Random(1).randrange)

    def provisioner(self) -> SimulatedProvisioner:
        """The adapter of another process."""
        return SimulatedProvisioner(self.world, self.clock, self.faults)

    def resource(self, component: str = "web") -> Resource:
        """Any name will do."""
        return Resource("shop", component, {"faults": {"slow_s": 3600}})

    def created(self, resource: Resource) -> int:
        """The world counts."""
        return self.world.standing(resource).created

    def tokens(self, resource: Resource) -> list[str]:
        """What lives."""
        return [live.token for live in self.world.standing(resource).live]

    def image(self) -> object:
        """What lives, what was kept and what happened."""
        return msgspec.to_builtins(
            {
                name: (standing.live, standing.snapshots, standing.happenings)
                for name, standing in self.world.components.items()
                if standing.happenings
            }
        )

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """One shot."""
        self.faults.next(call, FAULTS[trouble], resource.component)

    async def begun(self) -> None:
        """The call reaches its sleep within a few turns of the loop."""
        for _ in range(5):
            await asyncio.sleep(0)

    def vanish(self, resource: Resource) -> None:
        """Behind our back."""
        self.world.vanish(resource, self.clock.wall())

    def write_data(self, resource: Resource, text: str) -> None:
        """On the one live resource."""
        (live,) = self.world.standing(resource).live
        live.data = text

    def data(self, resource: Resource) -> str:
        """Of the one live resource."""
        (live,) = self.world.standing(resource).live
        return live.data


class TestSimulatedContract(ProvisionerContract):
    """No process, no file."""

    @pytest.fixture
    def harness(self) -> FakeWorld:
        """A world of its own for each test."""
        return FakeWorld()

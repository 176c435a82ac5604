"""The simulated provisioner does what every provisioner must do."""

from __future__ import annotations

import asyncio
import random

import msgspec
import pytest

from adapters.provisioners.simulated import Fault, Faults, Hooks, SimulatedProvisioner, SimulatedWorld
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.provisioner import Resource, StepBegun, StepDone
from tests.contracts.provisioner import OTHER_TOKEN, STEPS, ProvisionerContract
from tests.contracts.provisioner_harness import TOKEN, ProvisionerHarness, Trouble

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

    fences = True

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


class BegunWorld(FakeWorld):
    """A world whose steps are answered at once, as begun; looks come half a minute apart, longer than a step takes."""

    def provisioner(self) -> SimulatedProvisioner:
        """The adapter of another process, before each of whose looks time passes."""
        return SimulatedProvisioner(self.world, self.clock, self.faults, Hooks(before=self._pass_time))

    def resource(self, component: str = "web") -> Resource:
        """Each step takes its time."""
        times = {f"{step}_s": 20 for step in STEPS}
        return Resource("shop", component, {**times, "faults": {"slow_s": 3600, "begins": True}})

    def _pass_time(self, call: str, resource: Resource) -> None:
        del resource
        if call == "observe":
            self.advance(30)


class TestSimulatedBeginsContract(ProvisionerContract):
    """The same promises where the provider takes the request and goes on by itself."""

    @pytest.fixture
    def harness(self) -> BegunWorld:
        """A world of its own for each test."""
        return BegunWorld()

    async def test_a_step_is_begun_and_then_found_done(self, harness: BegunWorld) -> None:
        """The answer comes at once with the time to look after; until then the resource is changing under its token."""
        resource = harness.resource()
        order = harness.order(resource)
        begun = await harness.provisioner().take(Step.WARM, order)
        again = await harness.provisioner().take(Step.WARM, order)

        assert isinstance(begun, StepBegun)
        assert isinstance(again, StepBegun)
        assert 0 < (begun.look_after_s or 0) <= 20
        (live,) = harness.world.standing(resource).live
        assert (ResourceState.CHANGING, order.token) == (live.state, live.token)
        assert (await harness.provisioner().observe(resource)).state is ResourceState.WARM
        assert isinstance(await harness.provisioner().take(Step.WARM, order), StepDone)
        assert harness.created(resource) == 1

    async def test_two_tokens_at_once_make_one_resource(self, harness: ProvisionerHarness) -> None:
        """While the provider works for one, the other's outcome is unknown; what stands then refuses it for good."""
        resource = harness.resource()
        one, other = harness.order(resource), harness.order(resource, OTHER_TOKEN)
        await harness.provisioner().take(Step.WARM, one)

        with pytest.raises(Ambiguous):
            await harness.provisioner().take(Step.WARM, other)
        await harness.provisioner().observe(resource)
        with pytest.raises(Permanent):
            await harness.provisioner().take(Step.WARM, other)

        assert [TOKEN] == harness.tokens(resource)
        assert harness.created(resource) == 1


async def test_a_difference_shows_until_it_is_activated_again() -> None:
    """Somebody changes what serves: each look says so, and activating once more puts it right without lowering it."""
    harness = FakeWorld()
    resource = harness.resource()
    await harness.walk(resource, "warm", "activate")
    harness.faults.next("observe", Fault.DIFFERS)
    looks = [await harness.provisioner().observe(resource) for _ in range(2)]

    await harness.walk(resource, "activate")

    assert [ResourceState.HOT] * 2 == [seen.state for seen in looks]
    assert all(seen.differences for seen in looks)
    seen = await harness.provisioner().observe(resource)
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)


async def test_a_claimed_component_names_its_foreign_writer() -> None:
    """Only where something stands that can be claimed."""
    harness = FakeWorld()
    resource = Resource("shop", "web", {"faults": {"claimed_by": "an autoscaler"}})
    absent = await harness.provisioner().observe(resource)
    await harness.walk(resource, "warm")

    assert "" == absent.foreign_writer
    assert "an autoscaler" == (await harness.provisioner().observe(resource)).foreign_writer

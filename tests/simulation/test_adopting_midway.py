"""An operator names a resource while a look at another one is under way: what that look saw proves nothing."""

from __future__ import annotations

import asyncio

from adapters.provisioners.simulated import Fault
from config.loading import plan_from_text
from daemon.messages import Look, SightReported
from daemon.running import Daemon
from machines.events import ComponentParked, ResourceAdopted, ResourceNamed
from machines.observations import Observation, ResourceState
from machines.ports.provisioner import Resource
from machines.stepping import Sight
from tests.simulation.ladder import LADDER
from tests.simulation.one_life import live, of_type
from tests.simulation.scenario import command, quiescent
from tests.simulation.world import World

SLOW_LOOKS = LADDER.replace(
    "gateway: {monthly_cost: 10, requires: [cluster], provisioner: simulated}",
    "gateway: {monthly_cost: 10, requires: [cluster], provisioner: simulated, options: {faults: {observe_s: 10}}}",
)
ITS_OWN = "ladder/gateway"
"""The one name that a simulated component can be given: where it stands anyway."""
NAMING = {"verb": "adopt", "component": "gateway", "resource": ITS_OWN, "reason": "made by hand"}


def test_a_look_that_began_before_the_name_is_no_look_at_it() -> None:
    """Two looks at the named resource must agree that it is missing before the component is parked."""
    assert SLOW_LOOKS != LADDER
    world, looks = World(plan_from_text(SLOW_LOOKS, "slow.yaml"), 1), list[str]()

    def begins(resource: Resource) -> None:
        if resource.component != "gateway" or of_type(world, ComponentParked):
            return
        looks.append(resource.name)
        if len(looks) == 2:
            command("named", **NAMING)(world)  # read and recorded while this look is under way

    async def body(world: World, daemon: Daemon) -> None:
        world.before_observe = begins
        await asyncio.sleep(200)
        await quiescent(world, daemon)

    live(world, body)
    assert ["", "", ITS_OWN, ITS_OWN] == looks
    assert 1 == len(of_type(world, ComponentParked))


def test_a_name_that_cannot_be_looked_at_is_taken_back() -> None:
    """Refused for good by the kind: the component is parked with its words, and resume-actor lets it go on."""
    world = World(plan_from_text(LADDER, "ladder.yaml"), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        command("named", **{**NAMING, "resource": "arn:theirs"})(world)
        await asyncio.sleep(5)
        record = world.auditor.state.components.of("gateway")
        assert "" == record.resource_name
        assert "the resource arn:theirs that it was to adopt cannot be looked at" in record.parked
        command("resumed", verb="resume-actor", actor="component:gateway")(world)
        await asyncio.sleep(5)
        assert not record.parked
        await quiescent(world, daemon)

    live(world, body)
    assert 1 == len(of_type(world, ComponentParked))


def test_a_passing_failure_of_a_look_takes_no_name_back() -> None:
    """It is looked at again."""
    world = World(plan_from_text(LADDER, "ladder.yaml"), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        world.infrastructure.foreign_resource(Resource("ladder", "gateway"), ResourceState.WARM, 0, token="theirs")
        for _ in range(3):
            world.faults.next("observe", Fault.TRANSIENT, "gateway")
        command("named", **NAMING)(world)
        await asyncio.sleep(60)
        await quiescent(world, daemon)

    live(world, body)
    assert [[], 1] == [of_type(world, ComponentParked), len(of_type(world, ResourceAdopted))]


def test_a_look_that_somebody_asked_for_is_one_look() -> None:
    """It takes the place of the one that was due, and is not repeated beside it for ever."""
    world, looks = World(plan_from_text(LADDER, "ladder.yaml"), 1), list[str]()

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        for _ in range(5):
            daemon.kernel.tell("component:gateway", Look())
            await asyncio.sleep(1)
        world.before_observe = lambda resource: looks.append(resource.component)
        await asyncio.sleep(600)

    live(world, body)
    assert 10 == looks.count("gateway")


def test_what_was_seen_of_another_resource_is_not_recorded() -> None:
    """The supervisor takes no report of a look that was at another name than the present one."""
    world = World(plan_from_text(LADDER, "ladder.yaml"), 1)
    missing = Observation(ResourceState.ABSENT)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        await daemon.recorder.record("operator", [ResourceNamed("gateway", ITS_OWN, "made by hand", "ann")])
        for name in ("", "arn:another"):
            report = _report(missing, name)
            await daemon.kernel.ask("supervisor", report, 5)
        assert [] == of_type(world, ComponentParked)
        await daemon.kernel.ask("supervisor", _report(missing, ITS_OWN), 5)
        assert 1 == len(of_type(world, ComponentParked))
        await quiescent(world, daemon)

    live(world, body)


def _report(seen: Observation, resource: str) -> SightReported:
    return SightReported("gateway", seen, Sight.NAMED_MISSING.value, resource)

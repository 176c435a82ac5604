"""What can go wrong in the simulated world, and that it goes wrong the same way each time."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clocks import AcceleratedClock
from adapters.provisioners.simulated import Fault, Faults, Hooks, SimulatedProvisioner, SimulatedWorld
from config.instants import HOUR, SECOND
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.provisioner import Resource, StepOrder

STEPS = ("warm", "activate", "deactivate", "decommission")


class Crash(BaseException):
    """The process dies here."""


class Stage:
    """A world, a clock and a provisioner."""

    def __init__(self, seed: int = 1, per_mille: dict[Fault, int] | None = None, hooks: Hooks | None = None) -> None:
        """Nothing stands yet."""
        self.clock = AcceleratedClock(0, 1.0, monotonic_ns=lambda: 0)
        self.world = SimulatedWorld()
        self.faults = Faults(random.Random(seed).randrange, per_mille)
        self.provisioner = SimulatedProvisioner(self.world, self.clock, self.faults, hooks or Hooks())

    def order(self, resource: Resource, token: str = "a", generation: int = 1) -> StepOrder:
        """A step to take within an hour."""
        return StepOrder(resource, token, generation, self.clock.wall() + HOUR)

    def advance(self, seconds: int) -> None:
        """Time stands still but for this."""
        self.clock.advance_to(self.clock.wall() + seconds * SECOND)


def component(name: str = "web", **script: Any) -> Resource:
    """A component with a script of faults."""
    return Resource("shop", name, {"faults": script})


async def state(stage: Stage, resource: Resource) -> ResourceState:
    """What a look says."""
    return (await stage.provisioner.observe(resource)).state


@pytest.mark.parametrize("lie", [Fault.LIES_ABSENT, Fault.LIES_HOT])
async def test_a_lie_is_told_once(lie: Fault) -> None:
    """The look after a lie tells the truth."""
    stage = Stage()
    resource = component()
    await stage.provisioner.take(Step.WARM, stage.order(resource))
    stage.faults.next("observe", lie)

    seen = [await state(stage, resource), await state(stage, resource)]

    expected = ResourceState.ABSENT if lie is Fault.LIES_ABSENT else ResourceState.HOT
    assert [expected, ResourceState.WARM] == seen


async def test_a_change_is_seen_after_so_many_looks() -> None:
    """Eventual consistency counted in looks."""
    stage = Stage()
    resource = component(stale_reads=2)
    await stage.provisioner.take(Step.WARM, stage.order(resource))

    seen = [await state(stage, resource) for _ in range(3)]

    assert [ResourceState.ABSENT, ResourceState.ABSENT, ResourceState.WARM] == seen


async def test_a_change_is_seen_after_so_long() -> None:
    """Eventual consistency in time; the provider itself is not deceived by what it shows."""
    stage = Stage()
    resource = component(stale_s=30)
    await stage.provisioner.take(Step.WARM, stage.order(resource))
    early = await state(stage, resource)
    await stage.provisioner.take(Step.WARM, stage.order(resource))
    stage.advance(30)

    assert (ResourceState.ABSENT, ResourceState.WARM) == (early, await state(stage, resource))
    assert stage.world.standing(resource).created == 1


async def test_what_is_half_done_completes_by_itself() -> None:
    """The answer is lost, the resource changes for a while, then the step is done."""
    stage = Stage()
    resource = component(slow_s=60)
    stage.faults.next("warm", Fault.HALF_DONE)
    with pytest.raises(Ambiguous):
        await stage.provisioner.take(Step.WARM, stage.order(resource))
    early = await state(stage, resource)
    with pytest.raises(Ambiguous):
        await stage.provisioner.take(Step.WARM, stage.order(resource))
    stage.advance(60)

    assert (ResourceState.CHANGING, ResourceState.WARM) == (early, await state(stage, resource))


@pytest.mark.parametrize(("for_good", "word"), [(False, Transient), (True, Permanent)])
async def test_the_quota_refuses_one_too_many(for_good: bool, word: type[CallError]) -> None:
    """Above the quota nothing is made; what is removed makes room."""
    stage = Stage()
    stage.world.quota_resources_max = 1
    first, second = component("first"), component("second", quota_permanent=for_good)
    await stage.provisioner.take(Step.WARM, stage.order(first))

    with pytest.raises(word, match="quota"):
        await stage.provisioner.take(Step.WARM, stage.order(second, "b"))
    await stage.provisioner.take(Step.DECOMMISSION, stage.order(first))
    await stage.provisioner.take(Step.WARM, stage.order(second, "b"))

    assert stage.world.live_resources == 1


async def test_the_price_follows_the_state() -> None:
    """The provider says the warm price while warm and the full one while hot."""
    stage = Stage()
    resource = component(price="50.25", warm_price=5)
    await stage.provisioner.take(Step.WARM, stage.order(resource))
    warm = await stage.provisioner.observe(resource)
    await stage.provisioner.take(Step.ACTIVATE, stage.order(resource))
    hot = await stage.provisioner.observe(resource)

    assert (5_000_000, 50_250_000) == (warm.cost_micros, hot.cost_micros)


async def test_scripted_faults_meet_the_first_calls_ever() -> None:
    """The plan's own script counts by the world, so a restarted process goes on in it."""
    stage = Stage()
    resource = component(once={"warm": "transient permanent"})
    with pytest.raises(Transient):
        await stage.provisioner.take(Step.WARM, stage.order(resource))
    restarted = SimulatedProvisioner(stage.world, stage.clock, stage.faults)
    with pytest.raises(Permanent):
        await restarted.take(Step.WARM, stage.order(resource))

    await restarted.take(Step.WARM, stage.order(resource))


@pytest.mark.parametrize(
    "script",
    [{"per_mille": {"transient": 1001}}, {"per_mille": {"late": 1}}, {"once": {"observe": "breaks"}}, {"price": "x"}],
)
async def test_a_script_that_cannot_be_read_is_refused(script: dict[str, Any]) -> None:
    """A mistake in the script is a permanent refusal naming the component."""
    stage = Stage()

    with pytest.raises(Permanent, match="shop/web"):
        await stage.provisioner.observe(component(**script))


async def test_a_dead_process_changes_nothing() -> None:
    """After an epoch began, calls of an earlier process are refused and leave the world as it is."""
    stage = Stage()
    resource = component()
    stage.world.begin_epoch()

    with pytest.raises(Ambiguous, match="epoch 0"):
        await stage.provisioner.take(Step.WARM, stage.order(resource))

    assert stage.world.live_resources == 0


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_any_call_is_resumed_to_one_resource(step: str, when: str) -> None:
    """A process that dies before or after a call is followed by one that walks on to the same end."""

    def crash(call: str, _resource: Resource) -> None:
        if call == step:
            raise Crash

    stage = Stage(hooks=Hooks(**{when: crash}))
    resource = component()
    reached = STEPS[: STEPS.index(step) + 1]
    for taken in reached[:-1]:
        await stage.provisioner.take(Step(taken), stage.order(resource))
    with pytest.raises(Crash):
        await stage.provisioner.take(Step(step), stage.order(resource))
    stage.world.begin_epoch()
    survivor = SimulatedProvisioner(stage.world, stage.clock, stage.faults)

    await survivor.take(Step(step), stage.order(resource))

    assert (1, step == "decommission") == (
        stage.world.standing(resource).created,
        stage.world.standing(resource).live == [],
    )


async def test_a_late_step_of_the_past_is_refused() -> None:
    """A step of an older generation does not touch what a newer one made."""
    stage = Stage()
    resource = component()
    await stage.provisioner.take(Step.WARM, stage.order(resource, "b", generation=2))

    with pytest.raises(Permanent, match="of the past"):
        await stage.provisioner.take(Step.DECOMMISSION, stage.order(resource, "a", generation=1))


async def test_strangers_are_seen() -> None:
    """An untagged resource shows an empty token, a second one a second entry, a foreign write its state."""
    stage = Stage()
    resource = component()
    stage.world.foreign_resource(resource, ResourceState.HOT, now=0)
    untagged = await stage.provisioner.observe(resource)
    stage.world.foreign_resource(resource, ResourceState.WARM, now=0, token="b")
    doubled = await stage.provisioner.observe(resource)
    stage.world.standing(resource).contested_by = ResourceState.WARM

    assert (("",), ("", "b")) == (untagged.tokens, doubled.tokens)
    assert await state(stage, resource) is ResourceState.WARM


async def test_a_careless_provider_makes_a_second_resource() -> None:
    """Without the guard a second token is a second resource, so that a daemon's own mistake shows."""
    stage = Stage()
    stage.world.guards_tokens = False
    resource = component()
    await stage.provisioner.take(Step.WARM, stage.order(resource, "a"))
    await stage.provisioner.take(Step.WARM, stage.order(resource, "b"))

    assert ("a", "b") == (await stage.provisioner.observe(resource)).tokens


async def walk(seed: int) -> tuple[list[str], bytes]:
    """Forty calls under every rate at once; what they answered, and the world they left."""
    stage = Stage(seed, dict.fromkeys(Fault, 70))
    resource = component(slow_s=0)
    choose = random.Random(seed)
    answers = []
    for _ in range(40):
        call = choose.choice(("observe", *STEPS))
        try:
            if call == "observe":
                answers.append(repr(await stage.provisioner.observe(resource)))
            else:
                answers.append(repr(await stage.provisioner.take(Step(call), stage.order(resource))))
        except CallError as error:
            answers.append(repr(error))
        assert len(stage.world.standing(resource).live) <= 1
    return answers, msgspec.json.encode(stage.world)


@given(st.integers(0, 2**32))
async def test_the_same_seed_gives_the_same_world(seed: int) -> None:
    """Any seed replays to the byte; whatever goes wrong, one token never has two resources."""
    assert await walk(seed) == await walk(seed)


async def test_ceased_faults_are_over() -> None:
    """After `cease` every step is taken at once."""
    stage = Stage(per_mille={Fault.TRANSIENT: 1000})
    stage.faults.next("warm", Fault.PERMANENT)
    stage.faults.cease()

    await stage.provisioner.take(Step.WARM, stage.order(component()))

    assert stage.world.live_resources == 1


def test_a_fault_that_a_call_cannot_meet_is_refused() -> None:
    """Only a look can lie."""
    with pytest.raises(ValueError, match="lies_hot"):
        Stage().faults.next("warm", Fault.LIES_HOT)


def names(directory: Path) -> list[str]:
    """What lies in a directory."""
    return [path.name for path in directory.iterdir()]


async def test_a_saved_world_is_the_same_world(tmp_path: Path) -> None:
    """Saving and loading keeps everything, and leaves no file beside it."""
    stage = Stage()
    resource = component(stale_s=30, price="1")
    stage.faults.next("warm", Fault.HALF_DONE)
    with pytest.raises(Ambiguous):
        await stage.provisioner.take(Step.WARM, stage.order(resource))

    stage.world.save(tmp_path / "world.json")

    assert stage.world == SimulatedWorld.load(tmp_path / "world.json")
    assert ["world.json"] == await asyncio.to_thread(names, tmp_path)
    assert Observation(ResourceState.ABSENT) == stage.world.standing(resource).shown


def test_the_world_is_its_owners_own(tmp_path: Path) -> None:
    """Like every file of a state directory, 0600, and again after an older file was open to others."""
    path = tmp_path / "world.json"
    path.touch(mode=0o644)
    SimulatedWorld().save(path)

    assert 0o600 == path.stat().st_mode & 0o777

"""A workload whose pods do not become ready can be lowered, and mended by better manifests."""

from __future__ import annotations

import copy

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous
from machines.ports.provisioner import StepBegun, StepDone
from tests.provisioners.kubernetes.kube_world import MemoryWorld


async def unready(world: MemoryWorld) -> None:
    """The component serves with one of two pods."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    deployment = world.store.objects[world.path("deployments", "web")]
    deployment["status"] = {**deployment["status"], "readyReplicas": 1}
    world.store.kubelet = False
    seen = await world.provisioner().observe(resource)
    assert (ResourceState.CHANGING, True) == (seen.state, seen.interruptible)


async def test_it_can_be_lowered(world: MemoryWorld) -> None:
    """Scaling to zero waits for no pod."""
    await unready(world)

    answer = await world.provisioner().take(Step.DEACTIVATE, world.order(world.resource()))

    assert isinstance(answer, StepBegun | StepDone)
    assert 0 == world.store.objects[world.path("deployments", "web")]["spec"]["replicas"]


async def test_better_manifests_are_applied(world: MemoryWorld) -> None:
    """An image that was mended in the plan shows as a difference and is applied while the old one still fails."""
    await unready(world)
    mended = copy.deepcopy(world.resource())
    container = mended.options["objects"][-1]["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "nginx:1.27"

    seen = await world.provisioner().observe(mended)
    await world.provisioner().take(Step.ACTIVATE, world.order(mended))

    assert seen.differences
    deployment = world.store.objects[world.path("deployments", "web")]
    assert "nginx:1.27" == deployment["spec"]["template"]["spec"]["containers"][0]["image"]


async def test_what_only_waits_is_not_asked_twice(world: MemoryWorld) -> None:
    """Activating again while pods still start is answered with: look again."""
    await unready(world)

    with pytest.raises(Ambiguous, match="still changing"):
        await world.provisioner().take(Step.ACTIVATE, world.order(world.resource()))

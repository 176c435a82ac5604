"""What the Kubernetes provisioner says of workloads whose pods do not become ready."""

from __future__ import annotations

from typing import Any

import pytest

from config.instants import SECOND, instant_text
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.kubernetes.kube_world import MemoryWorld, objects_of

POD = "/api/v1/namespaces/default/pods/web-1"
BACK_OFF = {"reason": "ImagePullBackOff", "message": "no such image"}


async def begun(world: MemoryWorld, resource: Resource, kind: str = "deployments", **status: int) -> None:
    """Activation began and its pods stand as `status` says."""
    await world.walk(resource, "warm")
    world.store.kubelet = False
    await world.provisioner().take(Step.ACTIVATE, world.order(resource))
    one = world.store.objects[f"/apis/apps/v1/namespaces/default/{kind}/web"]
    counts = {"replicas": 2, "updatedReplicas": 2, **status}
    one["status"] = {"observedGeneration": one["metadata"]["generation"], **counts}


def pod(world: MemoryWorld, waiting: dict[str, str], *, age_s: int = 30, restarts: int = 0, **status: Any) -> None:
    """A pod of the component whose container waits."""
    container = {"state": {"waiting": waiting}, "restartCount": restarts}
    made_at = instant_text(world.clock.wall() - age_s * SECOND)
    world.store.objects[POD] = {
        "metadata": {"name": "web-1", "labels": {"app": "web"}, "creationTimestamp": made_at},
        "status": {"containerStatuses": [container], **status},
    }


async def look(world: MemoryWorld, resource: Resource) -> Observation:
    """A look of another process."""
    return await world.provisioner().observe(resource)


def stateful_set(world: MemoryWorld) -> Resource:
    """The component with a StatefulSet, which has no progress deadline of its own."""
    objects = [{**each, "kind": each["kind"].replace("Deployment", "StatefulSet")} for each in objects_of("web")]
    return world.resource(objects=objects)


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "CrashLoopBackOff", "CreateContainerConfigError"])
async def test_a_stateful_set_that_waits_says_why(world: MemoryWorld, reason: str) -> None:
    """At first it changes, with the reason."""
    resource = stateful_set(world)
    await begun(world, resource, "statefulsets")
    pod(world, {"reason": reason})

    seen = await look(world, resource)

    assert ResourceState.CHANGING is seen.state
    assert f"StatefulSet web: {reason}" in seen.detail


async def test_a_stateful_set_that_waits_too_long_is_broken(world: MemoryWorld) -> None:
    """Past ten minutes nobody waits for an image that is not there."""
    resource = stateful_set(world)
    await begun(world, resource, "statefulsets")
    pod(world, BACK_OFF, age_s=601)

    seen = await look(world, resource)

    assert ResourceState.BROKEN is seen.state
    assert "ImagePullBackOff no such image" in seen.detail


async def test_what_ends_again_and_again_is_broken(world: MemoryWorld) -> None:
    """Five starts in vain are enough, however short they took."""
    await begun(world, world.resource())
    pod(world, {"reason": "CrashLoopBackOff"}, restarts=5)

    assert ResourceState.BROKEN is (await look(world, world.resource())).state


async def test_the_wait_counts_from_the_last_time_it_was_ready(world: MemoryWorld) -> None:
    """An old pod that failed a moment ago is given its time."""
    await begun(world, world.resource())
    now = instant_text(world.clock.wall() - 5 * SECOND)
    pod(world, BACK_OFF, age_s=90_000, conditions=[{"type": "Ready", "status": "False", "lastTransitionTime": now}])

    assert ResourceState.CHANGING is (await look(world, world.resource())).state


async def test_a_workloads_own_progress_deadline_counts(world: MemoryWorld) -> None:
    """A longer one is waited for."""
    objects = objects_of("web")
    objects[-1]["spec"]["progressDeadlineSeconds"] = 1_200
    resource = world.resource(objects=objects)
    await begun(world, resource)
    pod(world, BACK_OFF, age_s=900)

    assert ResourceState.CHANGING is (await look(world, resource)).state


async def test_what_serves_in_part_is_not_broken(world: MemoryWorld) -> None:
    """One of two is ready and the other waits in vain: it changes, and the reason is told."""
    await begun(world, world.resource(), readyReplicas=1)
    pod(world, BACK_OFF, age_s=3_600)

    seen = await look(world, world.resource())

    assert ResourceState.CHANGING is seen.state
    assert "ImagePullBackOff" in seen.detail


async def test_a_pod_without_a_node_is_told(world: MemoryWorld) -> None:
    """The scheduler's reason."""
    await begun(world, world.resource())
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit"}
    pod(world, {"reason": "ContainerCreating"}, conditions=[unplaced])

    assert "Unschedulable 0/3 nodes fit" in (await look(world, world.resource())).detail


async def test_pods_that_a_quota_refuses_are_told(world: MemoryWorld) -> None:
    """They are never there to be asked: the workload's own condition says it."""
    await begun(world, world.resource())
    one = world.store.objects["/apis/apps/v1/namespaces/default/deployments/web"]
    one["status"]["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}]

    assert "exceeded quota: small" in (await look(world, world.resource())).detail


async def test_an_account_that_may_not_list_pods_still_sees(world: MemoryWorld) -> None:
    """What the workload says is enough."""
    await begun(world, world.resource())
    pod(world, BACK_OFF)
    world.front.arrange("^GET .*/pods$", Trouble.PERMANENT)

    seen = await look(world, world.resource())

    assert (ResourceState.CHANGING, "Deployment web: 0 of 2 ready") == (seen.state, seen.detail)


@pytest.mark.parametrize(("percent", "state"), [(50, ResourceState.HOT), (51, ResourceState.CHANGING)])
async def test_a_share_of_the_replicas_may_be_enough(world: MemoryWorld, percent: int, state: ResourceState) -> None:
    """`ready_percent` of the wished replicas make it HOT; its units are those that are ready."""
    resource = world.resource(ready_percent=percent)
    await begun(world, resource, readyReplicas=1)

    seen = await look(world, resource)

    assert (state, 1) == (seen.state, seen.units)

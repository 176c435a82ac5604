"""What the Kubernetes provisioner does with objects that its manifests named once and do not name any more."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from adapters.provisioners.kubernetes.inventory import former_entries
from adapters.provisioners.kubernetes.objects import group_of
from machines.observations import ResourceState
from machines.ports.faults import Transient
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN, Trouble
from tests.provisioners.kubernetes.kube_world import KubeWorld, MemoryWorld, objects_of

OLD = "/apis/apps/v1/namespaces/default/deployments/old"


def grown(world: KubeWorld, **options: Any) -> Resource:
    """The component with one more Deployment, `old`, and its claim."""
    old = [copy.deepcopy(each) for each in objects_of("old") if each["kind"] != "ConfigMap"]
    return world.resource(objects=[*objects_of("web"), *old], **options)


async def test_what_the_manifests_no_longer_name_is_a_difference(world: MemoryWorld) -> None:
    """It is told before it is touched, in WARM and in HOT."""
    await world.walk(grown(world), "warm")
    warm = await world.provisioner().observe(world.resource())
    await world.walk(grown(world), "activate")
    hot = await world.provisioner().observe(world.resource())

    assert (ResourceState.WARM, ResourceState.HOT) == (warm.state, hot.state)
    assert (("Deployment old is no longer in the manifests and goes with the next step",),) * 2 == (
        warm.differences,
        hot.differences,
    )
    assert OLD in world.store.objects


@pytest.mark.parametrize("taken", [("warm",), ("warm", "activate")])
async def test_the_next_step_removes_it_and_keeps_the_claim(world: MemoryWorld, taken: tuple[str, ...]) -> None:
    """Activation deletes the workload; what a claim holds is never deleted with it."""
    await world.walk(grown(world), *taken)

    await world.walk(world.resource(), "activate")

    assert OLD not in world.store.objects
    assert world.path("persistentvolumeclaims", "old") in world.store.objects
    assert (await world.provisioner().observe(world.resource())).differences == ()


async def test_going_warm_leaves_nothing_running_that_no_plan_names(world: MemoryWorld) -> None:
    """Deactivation removes it too: zero replicas of the rest would be no saving."""
    await world.walk(grown(world), "warm", "activate")

    await world.walk(world.resource(), "deactivate")

    assert OLD not in world.store.objects


async def test_a_removal_that_was_cut_short_is_taken_up_again(world: MemoryWorld) -> None:
    """The record forgets an object only after it is gone."""
    await world.walk(grown(world), "warm", "activate")
    world.front.arrange("^DELETE .*/deployments/old$", Trouble.TRANSIENT)
    with pytest.raises(Transient):
        await world.walk(world.resource(), "activate")
    between = await world.provisioner().observe(world.resource())
    await world.walk(world.resource(), "activate")

    assert between.differences
    assert OLD not in world.store.objects


async def test_what_carries_other_labels_stays(world: MemoryWorld) -> None:
    """Whoever took the labels off, or made it anew, has it."""
    await world.walk(grown(world), "warm")
    del world.store.objects[OLD]["metadata"]["labels"]["solvent/component"]

    await world.walk(world.resource(), "activate")

    assert OLD in world.store.objects
    assert (await world.provisioner().observe(world.resource())).differences == ()


async def test_without_prune_it_stays_and_is_told(world: MemoryWorld) -> None:
    """`prune: false`: a detail instead of a difference, until the component goes cold."""
    await world.walk(grown(world), "warm", "activate")
    kept = world.resource(prune=False)

    await world.walk(kept, "deactivate", "activate")
    seen = await world.provisioner().observe(kept)
    stood = OLD in world.store.objects
    await world.walk(kept, "deactivate", "decommission")

    assert (stood, ()) == (True, seen.differences)
    assert "of earlier manifests stands Deployment old" in seen.detail
    assert OLD not in world.store.objects


async def test_a_record_of_an_older_release_names_nothing(world: MemoryWorld) -> None:
    """Without the list, or with one that cannot be read, nothing is removed."""
    await world.walk(grown(world), "warm")
    record = world.store.objects[world.record(world.resource())]
    record["data"]["objects"] = "apps/v1 Deployment\nv9 Deployment old\napps/v1 Deployment ../old\n\nv1 Node old"
    read = former_entries(group_of(world.resource()), record)

    seen = await world.provisioner().observe(world.resource())
    del record["data"]["objects"]
    await world.walk(world.resource(), "activate")

    assert ([], ()) == (read, seen.differences)
    assert OLD in world.store.objects
    assert [TOKEN] == world.tokens(world.resource())


async def test_a_record_that_names_a_claim_removes_none(world: MemoryWorld) -> None:
    """Whoever wrote it there: what a claim holds is not deleted by a list of names."""
    await world.walk(grown(world), "warm")
    record = world.store.objects[world.record(world.resource())]
    written = record["data"]["objects"]
    record["data"]["objects"] = f"{written}\nv1 PersistentVolumeClaim old"

    await world.walk(world.resource(), "activate")

    assert "PersistentVolumeClaim" not in written
    assert world.path("persistentvolumeclaims", "old") in world.store.objects

"""Under which names the Kubernetes provisioner adopts what exists already."""

from __future__ import annotations

import msgspec
import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.kubernetes.kube_world import MemoryWorld


@pytest.mark.parametrize(
    "name",
    [
        "kubernetes/default/Deployment/web",
        "main/default/Deployment/web",
        "kubernetes/default/ConfigMap/web?context=main",
    ],
)
async def test_an_object_that_the_manifests_name_is_adopted(world: MemoryWorld, name: str) -> None:
    """By cluster or context, namespace, kind and name; with what a list adds to it."""
    text = world.kubeconfig.read_text()
    world.kubeconfig.write_text(text.replace('"name": "t", "context"', '"name": "main", "context"'))
    resource = msgspec.structs.replace(world.resource(context="main"), name=name)
    for manifest in resource.options["objects"]:
        path = world.path(f"{manifest['kind'].lower()}s", "web").rpartition("/")[0]
        world.store.answer("POST", path, {"fieldManager": "solvent"}, "", manifest)

    seen = await world.provisioner().observe(resource)
    await world.walk(resource, "activate")

    assert (ResourceState.HOT, ("",)) == (seen.state, seen.tokens)
    assert [TOKEN] == world.tokens(resource)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kubernetes/default/Deployment/shop", "which its manifests do not name: write Deployment shop into them"),
        ("kubernetes/default/StatefulSet/web", "adopt one of ConfigMap web, PersistentVolumeClaim web, Deployment web"),
        ("kubernetes/other/Deployment/web", "not in the namespace default of its options"),
        ("eks-old/default/Deployment/web", "not in the cluster kubernetes of its options"),
        ("/default/Deployment/web", "expected cluster/namespace/Kind/name"),
        ("web", "expected cluster/namespace/Kind/name"),
        ("kubernetes/default/Pod/web", "expected cluster/namespace/Kind/name"),
    ],
)
async def test_any_other_name_is_refused_with_what_to_do(world: MemoryWorld, name: str, said: str) -> None:
    """A look and a step; nothing is written."""
    resource = msgspec.structs.replace(world.resource(), name=name)

    for refused in (
        world.provisioner().observe(resource),
        world.provisioner().take(Step.WARM, world.order(resource)),
    ):
        with pytest.raises(Permanent, match=said):
            await refused
    assert world.store.writes == []


async def test_a_list_is_not_kept_from_others_by_a_wrong_name(world: MemoryWorld) -> None:
    """Where it looks is what the options say."""
    await world.walk(world.resource("database"), "warm")
    wrong = msgspec.structs.replace(world.resource(), name="elsewhere/default/Deployment/web")

    found = await world.provisioner().list_resources("shop", [wrong])

    assert {"database"} == {each.component for each in found}

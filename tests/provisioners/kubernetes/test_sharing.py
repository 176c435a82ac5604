"""What the Kubernetes provisioner does where others write too, and with what it finds or leaves."""

from __future__ import annotations

import pytest

from adapters.provisioners.kubernetes import preflight
from adapters.provisioners.registry import Surroundings
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.kubernetes.kube_world import MemoryWorld

DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/web"
CONFIGURATION = "/api/v1/namespaces/default/configmaps/web"
CLAIM = "/api/v1/namespaces/default/persistentvolumeclaims/web"


async def test_another_writer_of_replicas_is_named(world: MemoryWorld) -> None:
    """An autoscaler that writes spec.replicas is named instead of fought."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    world.store.update(DEPLOYMENT, {"spec": {"replicas": 5}}, "kube-controller-manager")

    seen = await world.provisioner().observe(resource)

    assert seen.foreign_writer.startswith("kube-controller-manager also writes spec.replicas of Deployment web")
    with pytest.raises(Permanent, match="kube-controller-manager"):
        await world.provisioner().take(Step.DEACTIVATE, world.order(resource))


async def test_a_contested_field_is_named(world: MemoryWorld) -> None:
    """A field that another manager owns is a refusal that names both, and is never taken by force."""
    resource = world.resource()
    await world.walk(resource, "warm")
    world.store.update(CONFIGURATION, {"data": {"greeting": "good-bye"}}, "argocd")

    with pytest.raises(Permanent, match=r"contested .*data.greeting.*argocd"):
        await world.provisioner().take(Step.ACTIVATE, world.order(resource))

    assert world.store.objects[CONFIGURATION]["data"] == {"greeting": "good-bye"}


async def test_a_removed_label_is_a_difference_that_activation_repairs(world: MemoryWorld) -> None:
    """What nobody else claims is named as a difference, and taking the step again puts it right."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    del world.store.objects[CONFIGURATION]["data"]["greeting"]

    seen = await world.provisioner().observe(resource)
    await world.walk(resource, "activate")

    assert seen.differences == ("ConfigMap web: data.greeting was changed (nothing instead of hello)",)
    assert (await world.provisioner().observe(resource)).differences == ()


async def test_a_quantity_in_the_servers_own_words_is_no_difference(world: MemoryWorld) -> None:
    """The server writes 1000m as 1."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    pod = world.store.objects[DEPLOYMENT]["spec"]["template"]["spec"]
    pod["containers"] = [{**pod["containers"][0], "resources": {"limits": {"cpu": "1"}}}]

    assert (await world.provisioner().observe(resource)).differences == ()


async def test_units_are_ready_replicas(world: MemoryWorld) -> None:
    """A hot component counts its ready replicas."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")

    seen = await world.provisioner().observe(resource)

    assert (ResourceState.HOT, 2) == (seen.state, seen.units)


async def test_pods_that_never_become_ready_are_broken_with_their_reason(world: MemoryWorld) -> None:
    """While pods start it changes; past its progress deadline it is broken, and the pod's reason is told."""
    resource = world.resource()
    await world.walk(resource, "warm")
    world.store.kubelet = False
    answer = await world.provisioner().take(Step.ACTIVATE, world.order(resource))
    one = world.store.objects[DEPLOYMENT]
    one["status"] = {"observedGeneration": one["metadata"]["generation"], "replicas": 2}
    changing = await world.provisioner().observe(resource)
    one["status"]["conditions"] = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    waiting = {"reason": "ImagePullBackOff", "message": "no such image"}
    world.store.objects["/api/v1/namespaces/default/pods/web-1"] = {
        "metadata": {"name": "web-1", "labels": {"app": "web"}},
        "status": {"containerStatuses": [{"state": {"waiting": waiting}}]},
    }

    broken = await world.provisioner().observe(resource)

    assert isinstance(answer, StepBegun)
    assert (ResourceState.CHANGING, ResourceState.BROKEN) == (changing.state, broken.state)
    assert "ImagePullBackOff no such image" in broken.detail


async def test_the_claim_of_a_stateful_component_stays(world: MemoryWorld) -> None:
    """Going cold deletes everything but the claim of what is stateful, and that is neither absent's nor an orphan."""
    resource = world.resource()
    stateful = Resource(resource.plan, resource.component, resource.options, stateful=True)

    await world.walk(stateful, "warm", "decommission")

    assert [CLAIM] == [path for path in world.store.objects if path.count("/") > 4]
    assert await world.provisioner().list_resources("shop", [stateful]) == ()
    await world.walk(stateful, "warm")


async def test_everything_but_workloads_can_be_kept(world: MemoryWorld) -> None:
    """`remove_on_cold: false` deletes workloads only."""
    resource = world.resource(remove_on_cold=False)

    await world.walk(resource, "warm", "decommission")

    assert sorted([CONFIGURATION, CLAIM]) == sorted(path for path in world.store.objects if path.count("/") > 4)


async def test_a_namespace_is_made_where_the_options_say_so(world: MemoryWorld) -> None:
    """Without `create_namespace` its absence is refused with what to do; with it the namespace is made."""
    with pytest.raises(Permanent, match="namespaces not found"):
        await world.provisioner().take(Step.WARM, world.order(world.resource(namespace="new")))

    await world.walk(world.resource(namespace="new", create_namespace=True), "warm")

    assert "/apis/apps/v1/namespaces/new/deployments/web" in world.store.objects


async def test_what_stands_untagged_is_adopted_by_activation(world: MemoryWorld) -> None:
    """A Deployment that nobody tagged shows the token "", is never warmed, and is taken over where owners agree."""
    resource = world.resource()
    for manifest in resource.options["objects"]:
        plural = f"{manifest['kind'].lower()}s"
        store = world.store
        store.answer("POST", world.path(plural, "web").rpartition("/")[0], {"fieldManager": "solvent"}, "", manifest)

    seen = await world.provisioner().observe(resource)
    with pytest.raises(Permanent, match="no token"):
        await world.provisioner().take(Step.WARM, world.order(resource))
    await world.walk(resource, "activate")

    assert (ResourceState.HOT, ("",)) == (seen.state, seen.tokens)
    assert [TOKEN] == world.tokens(resource)


async def test_an_object_of_another_component_is_not_taken(world: MemoryWorld) -> None:
    """Two components whose manifests name one object: the second is refused with the first's name."""
    await world.walk(world.resource("web"), "warm")
    rival = Resource("shop", "copy", world.resource("web").options)

    seen = await world.provisioner().observe(rival)

    assert "belongs to the component shop/web" in seen.foreign_writer


@pytest.mark.parametrize("may", [True, False])
async def test_preflight_names_missing_permissions(world: MemoryWorld, may: bool) -> None:
    """Nothing to say where all is well; else what the account may not do, and where the role is written."""
    world.store.may = may
    around = Surroundings(world.kubeconfig.parent, world.clock, lambda _: 0, {})

    problems = await preflight([world.resource()], around)

    assert [bool(problem) for problem in problems] == ([] if may else [True])
    assert may or "deployments" in problems[0]


async def test_preflight_names_what_is_missing(world: MemoryWorld) -> None:
    """A kubeconfig that is not there and a namespace that is not there are a sentence each."""
    around = Surroundings(world.kubeconfig.parent, world.clock, lambda _: 0, {})
    resources = [world.resource(kubeconfig="/no/such/file"), world.resource(namespace="nowhere")]

    problems = await preflight(resources, around)

    assert len(problems) == 2
    assert "/no/such/file cannot be used" in problems[0]
    assert "has no namespace nowhere: create it" in problems[1]


async def test_a_server_that_refuses_connections_is_transient(world: MemoryWorld) -> None:
    """Nothing was sent, so preflight says that the server cannot be reached."""
    around = Surroundings(world.kubeconfig.parent, world.clock, lambda _: 0, {})
    text = world.kubeconfig.read_text().replace(world.front.url, "http://127.0.0.1:1")
    world.kubeconfig.write_text(text)

    (problem,) = await preflight([world.resource()], around)

    assert "cannot be reached" in problem

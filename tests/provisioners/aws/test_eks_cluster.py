"""What is a control plane's own: its versions, its updates, its node groups, failure, adoption and EKS's errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.provisioners.aws.eks_cluster.differences import note, updates
from adapters.provisioners.registry import preflight_of
from config.provisioner_options.aws_eks_cluster import eks_cluster_options
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN, Trouble, call
from tests.provisioners.aws.delays import STATUS_IN_JSON, Delay, Delays
from tests.provisioners.aws.eks_cluster_place import CLUSTER, OPTIONS, ROLE, EksClusterPlace
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.replay import Replay

DELETE = f"DELETE /clusters/{CLUSTER}"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[EksClusterPlace]:
    """An empty account."""
    with EksClusterPlace(moto_port) as place:
        yield place
        await place.end()


def _cluster(version: str = "1.33", **network: Any) -> dict[str, Any]:
    stands = {"subnetIds": ["subnet-2", "subnet-1"], "endpointPublicAccess": True, "endpointPrivateAccess": False}
    return {"version": version, "resourcesVpcConfig": {**stands, **network}}


def _options(**more: Any) -> Any:
    return eks_cluster_options({**OPTIONS, **more})


def test_what_stands_as_wished_has_nothing_to_update() -> None:
    """The order of ids does not matter, nor security groups where none are wished."""
    assert updates(_options(), _cluster(securityGroupIds=["sg-1"])) == ()


def test_a_version_goes_up_by_one_minor_at_a_time() -> None:
    """From 1.31 towards 1.33 the update is 1.32, and the sentence names both ends."""
    (update,) = updates(_options(upgrade=True), _cluster("1.31"))

    assert {"version": "1.32"} == update.parameters
    assert "1.31" in update.difference
    assert "1.33" in update.difference


@pytest.mark.parametrize(
    ("upgrade", "runs", "said"),
    [
        (False, "1.31", "set upgrade: true"),
        (False, "1.34", "takes no version back"),
        (True, "1.34", "takes no version back"),
        (True, "1.31", ""),
        (False, "1.33", ""),
    ],
)
def test_a_version_that_is_left_alone_is_said(upgrade: bool, runs: str, said: str) -> None:
    """Activating would not put it right, so it is no difference, but the look's detail has the sentence."""
    options = _options(upgrade=upgrade)

    assert said in note(options, _cluster(runs))
    assert bool(updates(options, _cluster(runs))) is (not said and runs != "1.33")


async def test_an_upgrade_goes_through_every_minor_version() -> None:
    """Activating again upgrades 1.31 to 1.32, waits, goes on to 1.33, and only then is done."""
    resource = Resource("shop", "web", {**OPTIONS, "upgrade": True})
    with Replay("eks_upgrade") as aws:
        async with aws.provisioner("aws_eks_cluster") as provisioner:
            await call(provisioner, "activate", aws.order(resource))

        assert aws.left == []


async def test_endpoint_and_network_are_updated_one_after_the_other() -> None:
    """EKS takes one kind of update at a time: first the endpoint, then subnets and security groups."""
    wished = {"endpoint_public": False, "endpoint_private": True, "security_groups": ["sg-2"]}
    resource = Resource("shop", "web", {**OPTIONS, **wished})
    with Replay("eks_network") as aws:
        async with aws.provisioner("aws_eks_cluster") as provisioner:
            await call(provisioner, "activate", aws.order(resource))

        assert aws.left == []


async def test_a_cluster_with_node_groups_stays(place: EksClusterPlace) -> None:
    """Removing it is refused for good, and the sentence names the node groups that stand."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.direct("eks").create_nodegroup(
        clusterName=CLUSTER, nodegroupName="workers", nodeRole=ROLE, subnets=["subnet-1"]
    )

    with pytest.raises(Permanent, match="node groups workers: decommission them first"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert [TOKEN] == place.tokens(resource)


async def test_a_cluster_with_fargate_profiles_stays(place: EksClusterPlace) -> None:
    """Where EKS refuses because of Fargate profiles, the sentence names them and repeats EKS's own words."""
    resource = place.resource()
    await place.walk(resource, "warm")
    role: Any = {"podExecutionRoleArn": ROLE, "selectors": [{"namespace": "jobs"}]}
    place.direct("eks").create_fargate_profile(clusterName=CLUSTER, fargateProfileName="jobs", **role)
    place.proxy.next(DELETE, Refusal("ResourceInUseException", 409, "Cluster has Fargate profiles attached"))

    with pytest.raises(Permanent, match=r"Fargate profiles jobs: delete them first .*Cluster has Fargate profiles"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert [TOKEN] == place.tokens(resource)


async def test_a_cluster_in_use_otherwise_is_tried_again(place: EksClusterPlace) -> None:
    """Where nothing holds it that must be removed, EKS's own words say why, and trying again later may help."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next(DELETE, Refusal("ResourceInUseException", 409, "Cluster has an update in progress"))

    with pytest.raises(Transient, match="Cluster has an update in progress"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))


async def test_making_takes_its_time(place: EksClusterPlace) -> None:
    """The step is begun, a look shows EKS at work and says when to look again, and then it is warm."""
    resource = place.resource()

    answer = await place.provisioner().take(Step.WARM, place.order(resource))
    at_work = await place.observer().observe(resource)
    over = await place.observer().observe(resource)

    assert isinstance(answer, StepBegun)
    assert (ResourceState.CHANGING, (TOKEN,), 60.0) == (at_work.state, at_work.tokens, at_work.look_after_s)
    assert ResourceState.WARM is over.state


async def test_a_lost_answer_while_eks_is_at_work_is_waited_for(place: EksClusterPlace) -> None:
    """Taken again while EKS still makes the cluster, the step says so and asks for nothing a second time."""
    resource = place.resource()
    place.arrange("warm", Trouble.HALF, resource)
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.WARM, place.order(resource))

    with pytest.raises(Ambiguous, match="still changing"):
        await place.provisioner().take(Step.WARM, place.order(resource))

    assert place.created(resource) == 1


async def test_an_orphan_that_is_being_removed_is_not_asked_for_again(place: EksClusterPlace) -> None:
    """A second order to remove it finds EKS at work."""
    resource = place.resource()
    await place.walk(resource, "warm")
    (found,) = await place.observer().list_resources("shop", (resource,))
    await place.provisioner().remove(found, Mandate())

    with pytest.raises(Ambiguous, match="changing"):
        await place.provisioner().remove(found, Mandate())


async def test_a_cluster_that_failed_is_made_anew(place: EksClusterPlace) -> None:
    """FAILED is half-made; warming again removes it and makes another under the same token."""
    resource = place.resource()
    failed = Delay("POST /clusters", "GET /clusters/[^/]+", STATUS_IN_JSON, r'\g<1>"FAILED"')
    place.proxy.delays = Delays(failed, looks=2)
    await place.provisioner().take(Step.WARM, place.order(resource))
    seen = await place.observer().observe(resource)
    again = await place.provisioner().take(Step.WARM, place.order(resource))
    place.proxy.delays.looks = 0

    await place.walk(resource, "warm")

    assert ResourceState.BROKEN is seen.state
    assert isinstance(again, StepBegun)
    assert (2, [TOKEN]) == (place.created(resource), place.tokens(resource))


async def test_an_adopted_cluster_is_hot_and_takes_the_token(place: EksClusterPlace) -> None:
    """A cluster that solvent did not make is in use; activating it by its ARN puts the token on it."""
    network = {"subnetIds": ["subnet-1", "subnet-2"]}
    made = place.direct("eks").create_cluster(name="team", roleArn=ROLE, resourcesVpcConfig=network, version="1.33")
    resource = Resource("shop", "web", OPTIONS, name=made["cluster"]["arn"])
    before = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, ("",)) == (before.state, before.tokens)
    assert (ResourceState.HOT, (TOKEN,)) == (seen.state, seen.tokens)


@pytest.mark.parametrize(
    ("refusal", "word", "said"),
    [
        (Refusal("ResourceLimitExceededException", 400), Permanent, "quota"),
        (Refusal("InvalidParameterException", 400), Permanent, "mend the component's options"),
        (Refusal("AccessDeniedException", 403), Permanent, "IAM policy"),
        (Refusal("TooManyRequestsException", 429), Transient, "throttling"),
        (Refusal("ServiceUnavailableException", 503), Transient, "not available"),
        (Refusal("ResourcePropagationDelayException", 428), Transient, "trying again later helps"),
        (Refusal("ServerException", 500), Ambiguous, "in the middle"),
    ],
)
async def test_ekss_errors_have_the_ports_words(
    place: EksClusterPlace, refusal: Refusal, word: type[CallError], said: str
) -> None:
    """The bodies of a REST service in JSON are read like those of the others."""
    place.proxy.next("POST /clusters", refusal)

    with pytest.raises(word, match=said) as raised:
        await place.provisioner().take(Step.WARM, place.order(place.resource()))

    assert word is type(raised.value)
    assert refusal.code in raised.value.reason


async def test_nothing_to_say_beforehand(place: EksClusterPlace) -> None:
    """Where region and credentials are right, preflight is silent."""
    assert await preflight_of("aws_eks_cluster", [place.resource()], place.surroundings()) == ()

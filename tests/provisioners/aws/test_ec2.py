"""What is an instance's own: phases, launches that happen once, snapshots, drift, adoption."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.provisioners.aws.tags import mapped
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun, StepDone
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.ec2_place import DELAYS, OPTIONS, SLOW_END, SLOW_SNAPSHOTS, Ec2Place
from tests.provisioners.aws.fault_proxy import Refusal

OTHER_TOKEN = "svanothertoken000000000000000001"
STATEFUL = Resource("shop", "web", OPTIONS, stateful=True)
UNSEEN = Delay("RunInstances", "DescribeInstances", "(?s)<reservationSet>.*</reservationSet>", "<reservationSet/>")


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[Ec2Place]:
    """An empty account where AWS takes its time."""
    with Ec2Place(moto_port) as place:
        yield place
        await place.end()


@pytest.mark.parametrize(
    ("before", "step"),
    [
        ((), "warm"),
        (("warm",), "activate"),
        (("warm", "activate"), "deactivate"),
        (("warm",), "decommission"),
    ],
)
async def test_a_step_begins_and_is_looked_at(place: Ec2Place, before: tuple[str, ...], step: str) -> None:
    """AWS's pending, stopping and shutting-down are CHANGING, and no step is taken meanwhile."""
    resource = place.resource()
    await place.walk(resource, *before)
    place.proxy.delays = Delays(*DELAYS, SLOW_END, looks=3)

    answer = await place.provisioner().take(Step(step), place.order(resource))
    seen = await place.observer().observe(resource)

    assert isinstance(answer, StepBegun)
    assert (ResourceState.CHANGING, (TOKEN,)) == (seen.state, seen.tokens)
    with pytest.raises(Ambiguous, match="still changing"):
        await place.provisioner().take(Step(step), place.order(resource))


async def test_what_was_launched_to_be_stopped_is_half_made(place: Ec2Place) -> None:
    """An instance that runs before it was ever stopped is not yet warm, and serves nobody as hot."""
    place.proxy.delays = Delays()
    await place.provisioner().take(Step.WARM, place.order(place.resource()))

    seen = await place.observer().observe(place.resource())

    assert seen.state is ResourceState.BROKEN


async def test_an_instance_not_shown_yet_is_not_launched_twice(place: Ec2Place) -> None:
    """A look right after the launch shows nothing; taking the step again finds the same instance."""
    place.proxy.delays = Delays(UNSEEN, looks=3)
    await place.provisioner().take(Step.WARM, place.order(place.resource()))
    unseen = await place.observer().observe(place.resource())

    await place.walk(place.resource(), "warm")

    assert unseen.state is ResourceState.ABSENT
    assert (1, [TOKEN]) == (place.proxy.launched, place.tokens(place.resource()))


async def test_another_order_does_not_launch_beside_one_not_shown_yet(place: Ec2Place) -> None:
    """Under another token the launch is left open while EC2 does not show what was launched."""
    place.proxy.delays = Delays(UNSEEN, looks=9)
    await place.provisioner().take(Step.WARM, place.order(place.resource()))

    with pytest.raises(Ambiguous, match="was launched already"):
        await place.provisioner().take(Step.WARM, place.order(place.resource(), OTHER_TOKEN))

    assert place.proxy.launched == 1


async def test_what_is_launched_is_closed(place: Ec2Place) -> None:
    """IMDSv2 is required, the volume is encrypted and goes with the instance, and both carry the tags."""
    resource = Resource("shop", "web", {**OPTIONS, "volume_gb": 50, "tags": {"team": "web"}})
    await place.walk(resource, "warm")

    instance = place.instance(resource)
    (volume,) = place.direct("ec2").describe_volumes(VolumeIds=[place.volume(resource)])["Volumes"]

    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert (True, 50) == (volume["Encrypted"], volume["Size"])
    assert instance["BlockDeviceMappings"][0]["Ebs"]["DeleteOnTermination"] is True
    assert {"team": "web", "solvent:token": TOKEN, "Name": "solvent-shop-web"}.items() <= mapped(
        instance["Tags"]
    ).items()
    assert {"team": "web", "solvent:token": TOKEN}.items() <= mapped(volume["Tags"]).items()


async def test_a_stateful_one_is_snapshotted_before_it_goes(place: Ec2Place) -> None:
    """It is terminated only when its snapshots are complete, and they stay under the component's tags."""
    await place.walk(STATEFUL, "warm")
    place.proxy.delays = Delays(*DELAYS, SLOW_SNAPSHOTS, SLOW_END, looks=2)
    begun = await place.provisioner().take(Step.DECOMMISSION, place.order(STATEFUL))
    seen = await place.observer().observe(STATEFUL)
    living = len(place.living())

    await place.walk(STATEFUL, "decommission")

    (snapshot,) = place.snapshots()
    assert isinstance(begun, StepBegun)
    assert (ResourceState.CHANGING, 1) == (seen.state, living)
    assert ([], "web") == (place.living(), mapped(snapshot["Tags"])["solvent:component"])


async def test_a_snapshot_from_before_it_ran_again_does_not_count(place: Ec2Place) -> None:
    """What was written since the last snapshot is snapshotted too."""
    restarted = Delay("StartInstances", "DescribeInstances", "<launchTime>[^<]*<", "<launchTime>2030-01-01T00:00:00Z<")
    place.proxy.delays = Delays(SLOW_SNAPSHOTS)
    await place.walk(STATEFUL, "warm")
    await place.provisioner().take(Step.DECOMMISSION, place.order(STATEFUL))
    place.proxy.delays = Delays(restarted, looks=1_000)
    await place.walk(STATEFUL, "activate", "deactivate")

    await place.walk(STATEFUL, "decommission")

    assert len(place.snapshots()) == 2


async def test_one_without_data_leaves_no_snapshot(place: Ec2Place) -> None:
    """What is not stateful is terminated at once."""
    await place.walk(place.resource(), "warm", "decommission")

    assert place.snapshots() == []


async def test_a_running_orphan_is_stopped_snapshotted_and_terminated(place: Ec2Place) -> None:
    """Its data is kept: each call is a phase, and the last finds nothing left."""
    await place.walk(place.resource(), "warm", "activate")
    (found,) = await place.provisioner().list_resources("shop", (place.resource(),))
    place.proxy.delays = Delays()

    begun = await place.provisioner().remove(found, Mandate())
    await place.provisioner().remove(found, Mandate())

    assert isinstance(begun, StepBegun)
    assert ([], 1) == (place.living(), len(place.snapshots()))
    with pytest.raises(Permanent, match="list again"):
        await place.provisioner().remove(found, Mandate())


async def test_drift_is_seen_and_put_right(place: Ec2Place) -> None:
    """Open metadata and other security groups are differences while it runs; activating again puts them right."""
    ec2 = place.direct("ec2")
    group = ec2.create_security_group(GroupName="shop", Description="shop")["GroupId"]
    resource = Resource("shop", "web", {**OPTIONS, "security_groups": [group]})
    await place.walk(resource, "warm", "activate")
    identity = place.instance(resource)["InstanceId"]
    ec2.modify_instance_metadata_options(InstanceId=identity, HttpTokens="optional")
    ec2.modify_instance_attribute(
        InstanceId=identity, Groups=[ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]]
    )
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, 2) == (drifted.state, len(drifted.differences))
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)


async def test_another_type_restarts_nothing(place: Ec2Place) -> None:
    """While it runs another wished type is only told; it is changed at the next activation."""
    await place.walk(place.resource(), "warm", "activate")
    larger = Resource("shop", "web", {**OPTIONS, "instance_type": "m6a.xlarge"})
    running = await place.observer().observe(larger)

    await place.walk(larger, "deactivate", "activate")

    assert (ResourceState.HOT, ()) == (running.state, running.differences)
    assert "deactivate and activate" in running.detail
    assert place.instance(larger)["InstanceType"] == "m6a.xlarge"


async def test_two_live_instances_show_two_tokens(place: Ec2Place) -> None:
    """Where somebody made a second one under the component's tags, no step is taken."""
    await place.walk(place.resource(), "warm")
    on_it = place.instance(place.resource())["Tags"]
    ec2 = place.direct("ec2")
    (other,) = ec2.run_instances(ImageId=OPTIONS["image"], MinCount=1, MaxCount=1)["Instances"]
    ec2.create_tags(Resources=[other["InstanceId"]], Tags=on_it)

    seen = await place.observer().observe(place.resource())

    assert seen.tokens == (TOKEN, TOKEN)
    with pytest.raises(Permanent, match="2 live resources"):
        await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))


@pytest.mark.parametrize("named", ["{id}", "arn:aws:ec2:eu-central-1:123456789012:instance/{id}"])
async def test_an_adopted_instance_is_moved_by_its_id(place: Ec2Place, named: str) -> None:
    """One that solvent did not launch is hot while it runs, and takes the token."""
    (made,) = place.direct("ec2").run_instances(ImageId=OPTIONS["image"], MinCount=1, MaxCount=1)["Instances"]
    resource = Resource("shop", "web", OPTIONS, name=named.format(id=made["InstanceId"]))
    before = await place.observer().observe(resource)

    await place.walk(resource, "activate", "deactivate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, ("",)) == (before.state, before.tokens)
    assert (ResourceState.WARM, (TOKEN,)) == (seen.state, seen.tokens)


async def test_what_is_adopted_must_be_an_instance(place: Ec2Place) -> None:
    """Any other name is refused with what was expected; an instance that is gone is not made anew."""
    bucket = Resource("shop", "web", OPTIONS, name="arn:aws:s3:eu-central-1:123456789012:bucket/shop")
    gone = Resource("shop", "web", OPTIONS, name="i-0123456789abcdef0")

    with pytest.raises(Permanent, match="no instance of EC2"):
        await place.observer().observe(bucket)
    with pytest.raises(Permanent, match="is gone"):
        await place.provisioner().take(Step.WARM, place.order(gone))

    assert place.proxy.launched == 0


async def test_no_capacity_is_waited_for(place: Ec2Place) -> None:
    """A start that AWS has no capacity for is tried again later."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("StartInstances", Refusal("InsufficientInstanceCapacity", 500))

    with pytest.raises(Transient, match="no capacity"):
        await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))


async def test_a_protected_instance_stays(place: Ec2Place) -> None:
    """Termination protection is somebody's word: the sentence says to switch it off."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("TerminateInstances", Refusal("OperationNotPermitted"))

    with pytest.raises(Permanent, match="protected against termination"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(place.resource()))

    assert place.tokens(place.resource()) == [TOKEN]


async def test_another_generation_is_another_launch(place: Ec2Place) -> None:
    """What vanished is launched again under the next client token, and a new generation under its own."""
    await place.walk(place.resource(), "warm")
    place.vanish(place.resource())
    await place.walk(place.resource(), "warm", "decommission")

    answer = await call(place.provisioner(), "warm", place.order(place.resource(), OTHER_TOKEN, generation=2))

    tokens = {each["ClientToken"] for each in place.instances()}
    assert isinstance(answer, StepDone)
    assert (3, 3) == (place.proxy.launched, len(tokens))


async def test_what_is_terminated_again_and_again_is_given_up(place: Ec2Place) -> None:
    """After twenty launches in one generation it stops for good, and says EC2's own reason."""
    place.proxy.delays = Delays()
    for _ in range(20):
        await place.provisioner().take(Step.WARM, place.order(place.resource()))
        place.vanish(place.resource())

    with pytest.raises(Permanent, match=r"20 times in one generation.*User initiated"):
        await place.provisioner().take(Step.WARM, place.order(place.resource()))

    assert place.proxy.launched == 20

"""A confidential instance is launched as one, and nothing else is ever started in its place."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource, StepBegun
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.ec2_place import OPTIONS, Ec2Place
from tests.provisioners.aws.replay import Replay

CONFIDENTIAL = {**OPTIONS, "confidential": "sev-snp"}
AT_AWS = {
    "region": "us-east-2",
    "image": "ami-0123456789abcdef0",
    "instance_type": "m6a.large",
    "confidential": "sev-snp",
}


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[Ec2Place]:
    """An empty account of an emulator that knows nothing of AMD SEV-SNP."""
    with Ec2Place(moto_port) as place:
        yield place
        await place.end()


async def test_it_is_launched_with_sev_snp_stopped_and_started() -> None:
    """The launch asks for AMD SEV-SNP, IMDSv2 and an encrypted volume; hot, it stands as its options wish."""
    resource = Resource("shop", "web", AT_AWS)
    with Replay("ec2_sev_snp") as replay:
        async with replay.provisioner("aws_ec2") as provisioner:
            answers = []
            states = []
            for step, looks in ((Step.WARM, 2), (Step.WARM, 2), (Step.ACTIVATE, 3)):
                answers.append(await provisioner.take(step, replay.order(resource)))
                seen = [await provisioner.observe(resource) for _ in range(looks)]
                states += [each.state.value for each in seen]

    assert all(isinstance(answer, StepBegun) for answer in answers)
    assert states == ["changing", "broken", "changing", "warm", "changing", "hot", "hot"]
    assert ((), []) == (seen[-1].differences, replay.left)


async def test_an_image_that_does_not_boot_by_uefi_is_refused(place: Ec2Place) -> None:
    """Nothing is launched from it, and the sentence names its boot mode."""
    images = "DescribeImages"
    bios = Delay(images, images, "<bootMode>[^<]*</bootMode>", "<bootMode>legacy-bios</bootMode>")
    place.proxy.delays = Delays(bios)
    resource = Resource("shop", "web", CONFIDENTIAL)

    with pytest.raises(Permanent, match="boots by legacy-bios, and sev-snp needs UEFI"):
        await place.provisioner().take(Step.WARM, place.order(resource))

    assert place.proxy.launched == 0


async def test_one_without_sev_snp_is_not_started(place: Ec2Place) -> None:
    """An instance launched without it cannot get it later: it is shown, and activation is refused for good."""
    await place.walk(place.resource(), "warm")
    resource = Resource("shop", "web", CONFIDENTIAL)
    seen = await place.observer().observe(resource)

    with pytest.raises(Permanent, match="decommission it and warm it again"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert (ResourceState.WARM, 1) == (seen.state, len(seen.differences))
    assert place.instance(resource)["State"]["Name"] == "stopped"


async def test_one_that_serves_without_sev_snp_can_be_lowered(place: Ec2Place) -> None:
    """The difference keeps nobody from stopping and removing it."""
    await place.walk(place.resource(), "warm", "activate")
    resource = Resource("shop", "web", CONFIDENTIAL)

    await place.provisioner().take(Step.DEACTIVATE, place.order(resource))
    place.proxy.delays = Delays()
    await place.walk(resource, "decommission")

    assert place.living() == []

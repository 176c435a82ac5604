"""AWS's words on machines that do not come, or went, and the parameters of a node group."""

from __future__ import annotations

import pytest

from adapters.provisioners.aws.eks_node_group import asking
from adapters.provisioners.aws.eks_node_group.groups import remembered, written
from adapters.provisioners.aws.eks_node_group.launches import (
    Activity,
    classified,
    last_failure,
    refused,
    short_since,
)
from adapters.provisioners.aws.eks_node_group.market import Memory, Refusal
from config.instants import SECOND
from config.provisioner_options.aws_eks_node_group import eks_node_group_options
from tests.provisioners.aws.eks_node_group_place import OPTIONS


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("Could not launch Spot Instances. InsufficientInstanceCapacity - There is no Spot capacity", Refusal.CAPACITY),
        ("UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration.", Refusal.CAPACITY),
        ("SpotMaxPriceTooLow - Your Spot request price of 0.01 is lower", Refusal.CAPACITY),
        ("AsgInstanceLaunchFailures: Could not launch", Refusal.CAPACITY),
        ("InsufficientFreeAddresses: One or more subnets have not enough addresses", Refusal.CAPACITY),
        ("AsgInstanceLaunchFailures: MaxSpotInstanceCountExceeded - Max spot instance count exceeded", Refusal.QUOTA),
        ("Could not launch. VcpuLimitExceeded - You have requested more vCPU capacity", Refusal.QUOTA),
        ("InstanceLimitExceeded: your quota allows for 0 more running instance(s)", Refusal.QUOTA),
        ("AccessDenied: role is missing permissions", Refusal.AUTHORISATION),
        ("You are not authorized to perform this operation. UnauthorizedOperation", Refusal.AUTHORISATION),
        ("AuthFailure.ServiceLinkedRoleCreationNotPermitted - no permission", Refusal.AUTHORISATION),
        ("IamNodeRoleNotFound: gone", Refusal.AUTHORISATION),
        ("InternalFailure: AWS had a problem", Refusal.PASSING),
        ("NodeCreationFailure: Instances failed to join the kubernetes cluster", Refusal.PASSING),
    ],
)
def test_a_failed_launch_has_a_kind(text: str, refusal: Refusal) -> None:
    """A particular message decides over the general code before it."""
    assert refusal is classified(text)


def test_old_health_issues_refuse_nothing() -> None:
    """EKS keeps them until nodes come; they explain only a launch that failed since and says nothing itself."""
    issues = ["AsgInstanceLaunchFailures: MaxSpotInstanceCountExceeded"]

    assert refused("", issues) is None
    assert Refusal.CAPACITY is refused("UnfulfillableCapacity", issues)
    assert Refusal.QUOTA is refused("Could not launch Spot Instances.", issues)
    assert Refusal.PASSING is refused("Could not launch Spot Instances.", [])


def _launch(second: int, *, successful: bool = True, message: str = "") -> Activity:
    return Activity(second * SECOND, launches=True, successful=successful, failed=not successful, message=message)


def _loss(second: int) -> Activity:
    return Activity(second * SECOND, launches=False, successful=True)


@pytest.mark.parametrize(
    ("ready", "activities", "second"),
    [
        (2, [_loss(50), _launch(3), _launch(2), _launch(1)], 50),
        (1, [_loss(60), _loss(50), _launch(3), _launch(2), _launch(1)], 50),
        (1, [_loss(70), _launch(65), _loss(60), _loss(50), _launch(3)], 50),
        (2, [_launch(80, successful=False), _loss(50), _launch(3)], 50),
        (1, [_launch(1)], None),
        (0, [], None),
    ],
)
def test_a_shortage_begins_with_the_loss_that_made_it(
    ready: int, activities: list[Activity], second: int | None
) -> None:
    """Of three wished nodes: walked back from now, through replacements, to when there were three."""
    assert (None if second is None else second * SECOND) == short_since(ready, 3, activities)


def test_only_the_newest_launch_counts() -> None:
    """A failure before the nodes were asked for, or before a launch that went well, is over."""
    failed = _launch(50, successful=False, message="no capacity")

    assert last_failure([failed], 50 * SECOND) == "no capacity"
    assert last_failure([failed], 51 * SECOND) == ""
    assert last_failure([_launch(60), failed], 0) == ""


def test_the_memory_survives_in_tags() -> None:
    """What is written is read back, and of two groups the later fall-back counts."""
    older, newer = Memory(10 * SECOND, 20 * SECOND, 0), Memory(10 * SECOND, 30 * SECOND, 2)
    groups = [{"tags": {f"solvent:{key}": text for key, text in written(memory).items()}} for memory in (newer, older)]

    assert newer == remembered(*groups)
    assert newer == remembered(*reversed(groups))
    assert Memory() == remembered({"tags": {"solvent:asked-at": "soon"}}, None)


def test_a_stand_ins_name_is_legal_and_its_own() -> None:
    """An adopted group's name may be as long as EKS allows; its stand-in's is no longer, and no two share one."""
    names = [asking.stand_in_name(name) for name in ("web", "w" * 63, "w" * 62 + "x")]

    assert names[0] == "web-od"
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for name in names)


def test_an_autoscaler_has_its_room() -> None:
    """No nodes are none; an update in between keeps what an autoscaler added, up to the most that is wished."""
    options = eks_node_group_options({**OPTIONS, "nodes": 2, "nodes_max": 5})

    assert {"minSize": 0, "desiredSize": 0, "maxSize": 5} == asking.scaling(options, 0)
    assert {"minSize": 2, "desiredSize": 4, "maxSize": 5} == asking.scaling(options, 4)
    assert {"minSize": 2, "desiredSize": 5, "maxSize": 5} == asking.scaling(options, 9)


def test_each_request_has_a_token_of_its_own() -> None:
    """The same request of the same step has the same token, so that EKS makes one group of two tries."""
    tokens = [asking.request_token("sv1", "web", None), asking.request_token("sv1", "web-od", 1)]

    assert asking.request_token("sv1", "web", None) == tokens[0]
    assert len({*tokens, asking.request_token("sv2", "web", None)}) == 3
    assert all(len(token) <= 64 for token in tokens)

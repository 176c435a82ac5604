"""What each of RDS's words for the status of an instance means."""

from __future__ import annotations

import pytest

from adapters.provisioners.aws.rds.statuses import BROKEN, PHASE, SERVING, state_of
from machines.observations import ResourceState

AT_WORK = (
    "backing-up configuring-associated-roles configuring-enhanced-monitoring configuring-iam-database-auth "
    "configuring-log-exports converting-to-vpc creating delete-precheck deleting maintenance modifying moving-to-vpc "
    "rebooting renaming resetting-master-credentials starting stopping upgrading"
)


def instance(status: str, phase: str = "") -> dict[str, object]:
    """As a look shows it."""
    return {"DBInstanceStatus": status, "TagList": [{"Key": PHASE, "Value": phase}] if phase else []}


@pytest.mark.parametrize("status", [*AT_WORK.split(), "a-status-of-next-year", ""])
@pytest.mark.parametrize("phase", ["", "making", "made", "leaving"])
def test_aws_is_at_work(status: str, phase: str) -> None:
    """Whatever AWS does, and a word that nobody knows yet, is waited for."""
    assert state_of(instance(status, phase)) is ResourceState.CHANGING


@pytest.mark.parametrize("status", BROKEN)
@pytest.mark.parametrize("phase", ["", "making", "made", "leaving"])
def test_nothing_mends_itself(status: str, phase: str) -> None:
    """What waits for somebody is broken."""
    assert state_of(instance(status, phase)) is ResourceState.BROKEN


@pytest.mark.parametrize("status", sorted(SERVING))
@pytest.mark.parametrize("phase", ["", "made"])
def test_what_serves_is_hot(status: str, phase: str) -> None:
    """An instance that serves is hot, also while AWS moves its storage about, and whoever made it."""
    assert state_of(instance(status, phase)) is ResourceState.HOT


@pytest.mark.parametrize("phase", ["", "made"])
def test_what_is_stopped_is_warm(phase: str) -> None:
    """A stopped instance is warm, whoever made it."""
    assert state_of(instance("stopped", phase)) is ResourceState.WARM


@pytest.mark.parametrize("status", ["stopped", "available"])
@pytest.mark.parametrize("phase", ["making", "leaving"])
def test_a_step_half_way_is_broken(status: str, phase: str) -> None:
    """An instance in the middle of a step of several phases is neither warm nor hot, so the step goes on."""
    assert state_of(instance(status, phase)) is ResourceState.BROKEN

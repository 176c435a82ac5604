"""One look at a component's node groups: EKS for the groups, Auto Scaling and EC2 for their machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.eks_node_group.launches import (
    Activity,
    last_failure,
    refused,
    short_since,
)
from adapters.provisioners.aws.eks_node_group.market import Group, Memory, Phase
from config.instants import Instant, instant_from_datetime

NOT_FOUND: Final = ("ResourceNotFoundException",)
STAND_IN_SUFFIX: Final = "-od"
ASKED_AT: Final = "asked-at"
FELL_BACK_AT: Final = "fell-back-at"
DOUBLINGS: Final = "doublings"
_PHASES: Final = {
    "CREATING": Phase.AT_WORK,
    "UPDATING": Phase.AT_WORK,
    "DELETING": Phase.DELETING,
    "CREATE_FAILED": Phase.FAILED,
    "DELETE_FAILED": Phase.FAILED,
}
_PREFIX: Final = "solvent:"
_ACTIVITIES_MAX: Final = 100
_FILTER_VALUES_MAX: Final = 200
_LAUNCHING: Final = "Launching"
_TERMINATING: Final = "Terminating"


class Seen(msgspec.Struct, frozen=True):
    """A node group, what AWS says of it, and what went wrong with its machines in AWS's words."""

    raw: Mapping[str, Any]
    group: Group
    trouble: str = ""

    @property
    def on_it(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.raw.get("tags", {}))

    @property
    def name(self) -> str:
        """Its name within the cluster."""
        return str(self.raw["nodegroupName"])


async def described(aws: Place, cluster: str, name: str) -> dict[str, Any] | None:
    """The node group as EKS describes it; None where there is none, or no such cluster."""
    answer = await aws.call_unless(NOT_FOUND, "eks", "describe_nodegroup", clusterName=cluster, nodegroupName=name)
    return None if answer is None else dict(answer["nodegroup"])


async def seen(aws: Place, raw: Mapping[str, Any], wished: int, asked_at: Instant | None) -> Seen:
    """Look at a group's machines. A group that is asked for none, or is going, has only what EKS says."""
    phase = _PHASES.get(str(raw["status"]), Phase.STANDS)
    desired = int(raw.get("scalingConfig", {}).get("desiredSize", 0))
    names = [each["name"] for each in raw.get("resources", {}).get("autoScalingGroups", [])]
    if not names:
        return Seen(raw, Group(phase, desired, 0))
    answer = await aws.pages("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=names)
    machines = [machine for group in answer.get("AutoScalingGroups", []) for machine in group.get("Instances", [])]
    ready = [machine["InstanceId"] for machine in machines if _ready(machine)]
    issues = [
        f"{issue.get('code', '')}: {issue.get('message', '')}" for issue in raw.get("health", {}).get("issues", [])
    ]
    since, failure = None, ""
    if len(ready) < min(wished, desired):
        activities = await _activities(aws, names)
        since = short_since(len(ready), wished, activities)
        failure = last_failure(activities, asked_at or 0)
    doomed = await _doomed(aws, ready) if raw.get("capacityType") == "SPOT" and ready else 0
    refusal = refused(failure, issues)
    trouble = "; ".join(filter(None, (failure, *issues)))
    return Seen(raw, Group(phase, desired, len(ready), since, refusal, doomed), trouble)


def remembered(*groups: Mapping[str, Any] | None) -> Memory:
    """The memory that the groups' tags hold: the newest word on each instant."""
    found = [_memory(raw.get("tags", {})) for raw in groups if raw is not None]
    if not found:
        return Memory()
    newest = max(found, key=lambda memory: memory.fell_back_at or 0)
    asked_at = max((memory.asked_at for memory in found if memory.asked_at is not None), default=None)
    return Memory(asked_at, newest.fell_back_at, newest.doublings)


def written(memory: Memory) -> dict[str, str]:
    """The memory as tags, without their prefix; instants in microseconds since 1970, for their order counts."""
    texts = {DOUBLINGS: str(memory.doublings)}
    if memory.asked_at is not None:
        texts[ASKED_AT] = str(memory.asked_at)
    if memory.fell_back_at is not None:
        texts[FELL_BACK_AT] = str(memory.fell_back_at)
    return texts


def _memory(on_it: Mapping[str, str]) -> Memory:
    """What cannot be read is not remembered: the group is asked anew."""
    numbers = {
        key: int(text)
        for key in (ASKED_AT, FELL_BACK_AT, DOUBLINGS)
        if (text := on_it.get(f"{_PREFIX}{key}", "")).isascii() and text.isdigit()
    }
    return Memory(numbers.get(ASKED_AT), numbers.get(FELL_BACK_AT), numbers.get(DOUBLINGS, 0))


def _ready(machine: Mapping[str, Any]) -> bool:
    return machine.get("LifecycleState") == "InService" and machine.get("HealthStatus") == "Healthy"


async def _activities(aws: Place, names: Sequence[str]) -> list[Activity]:
    """The newest of every Auto Scaling group, newest first."""
    found = []
    for name in names:
        answer = await aws.call(
            "autoscaling", "describe_scaling_activities", AutoScalingGroupName=name, MaxRecords=_ACTIVITIES_MAX
        )
        found += [activity for each in answer.get("Activities", []) if (activity := _activity(each)) is not None]
    return sorted(found, key=lambda activity: activity.started_at, reverse=True)


def _activity(said: Mapping[str, Any]) -> Activity | None:
    """None of what is neither a launch nor a termination."""
    description, started = str(said.get("Description", "")), said.get("StartTime")
    if not description.startswith((_LAUNCHING, _TERMINATING)) or not isinstance(started, datetime):
        return None
    code = said.get("StatusCode")
    return Activity(
        instant_from_datetime(started),
        launches=description.startswith(_LAUNCHING),
        successful=code == "Successful",
        failed=code in ("Failed", "Cancelled"),
        message=str(said.get("StatusMessage", "")),
    )


async def _doomed(aws: Place, machines: Sequence[str]) -> int:
    """How many of these machines AWS has announced to take back, usually two minutes before."""
    marked: set[str] = set()
    for first in range(0, len(machines), _FILTER_VALUES_MAX):
        some = list(machines[first : first + _FILTER_VALUES_MAX])
        answer = await aws.pages(
            "ec2",
            "describe_spot_instance_requests",
            Filters=[
                {"Name": "instance-id", "Values": some},
                {"Name": "status-code", "Values": ["marked-for-termination"]},
            ],
        )
        marked |= {str(request.get("InstanceId")) for request in answer.get("SpotInstanceRequests", [])}
    return len(marked & set(machines))

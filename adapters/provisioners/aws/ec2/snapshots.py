"""The snapshots that keep a stateful instance's volumes when it is terminated."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer
from adapters.provisioners.aws.ec2.instances import Instance, tags_on
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_ec2 import Ec2Options

INSTANCE_TAG: Final = "solvent:instance"
STOP_TAG: Final = "solvent:stop"
"""Which stop the snapshot was taken after: an older one lacks what was written since."""
_COMPLETED: Final = "completed"
_FAILED: Final = ("error", "recoverable")


async def taken(work: Work[Ec2Options], instance: Instance) -> str:
    """`completed`, `pending`, or "" where not all volumes were snapshotted since the instance stopped."""
    wanted = [
        {"Name": f"tag:{INSTANCE_TAG}", "Values": [instance["InstanceId"]]},
        {"Name": f"tag:{STOP_TAG}", "Values": [_stop_of(instance)]},
    ]
    answer = await work.aws.pages("ec2", "describe_snapshots", OwnerIds=["self"], Filters=wanted)
    return _all_of(instance, answer)


async def take(work: Work[Ec2Options], instance: Instance) -> Answer:
    """Snapshot every volume at one moment."""
    marks = {INSTANCE_TAG: instance["InstanceId"], STOP_TAG: _stop_of(instance)}
    on_it = {key: value for key, value in tags_on(instance).items() if not key.startswith("aws:") and key != tags.STATE}
    return await work.aws.call(
        "ec2",
        "create_snapshots",
        InstanceSpecification={"InstanceId": instance["InstanceId"], "ExcludeBootVolume": False},
        Description=f"{work.resource.plan}/{work.resource.component}, before {instance['InstanceId']} is terminated",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags.listed({**on_it, **marks})}],
    )


def _all_of(instance: Instance, answer: Answer) -> str:
    states: dict[str, set[str]] = {}
    for each in answer.get("Snapshots", []):
        states.setdefault(str(each["VolumeId"]), set()).add(str(each["State"]))
    words = [_word(states.get(volume, set())) for volume in _volumes(instance)]
    if "" in words:
        return ""
    return "pending" if "pending" in words else _COMPLETED


def _word(states: set[str]) -> str:
    if _COMPLETED in states:
        return _COMPLETED
    return "pending" if states - set(_FAILED) else ""


def _volumes(instance: Instance) -> list[str]:
    mappings: list[dict[str, Any]] = instance.get("BlockDeviceMappings", [])
    return [str(each["Ebs"]["VolumeId"]) for each in mappings if "Ebs" in each]


def _stop_of(instance: Instance) -> str:
    """One value for each time it ran and stopped."""
    text = f"{instance.get('LaunchTime', '')} {instance.get('StateTransitionReason', '')}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]

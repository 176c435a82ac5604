"""Finding instances: EC2 knows no names, so solvent finds its own by their tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_ec2 import NONE, SEV_SNP, Ec2Options
from machines.observations import ResourceState
from machines.ports.faults import Permanent

NOT_FOUND: Final = ("InvalidInstanceID.NotFound",)
LIVING: Final = ("pending", "running", "stopping", "stopped")
_CHANGING: Final = ("pending", "stopping", "shutting-down")

Instance = Mapping[str, Any]


async def found(work: Work[Ec2Options]) -> list[Instance]:
    """The component's instances that are not yet terminated, oldest first; one that is adopted is found by its id."""
    if work.resource.name:
        selected: dict[str, Any] = {"InstanceIds": [_id_in(work.resource.name)]}
    else:
        selected = {"Filters": _components(work)}
    answer = await work.aws.call_unless(NOT_FOUND, "ec2", "describe_instances", **selected)
    return [each for each in _flat(answer or {}) if state_of(each) != "terminated"]


async def launched_by(work: Work[Ec2Options], client_token: str) -> list[Instance]:
    """What a launch under this token made, terminated or not, as far as EC2 shows it yet."""
    answer = await work.aws.pages("ec2", "describe_instances", Filters=_components(work))
    return [each for each in _flat(answer) if each.get("ClientToken") == client_token]


async def living(aws: Place, plan: str) -> list[tuple[str, Instance]]:
    """What lives under the plan's tag, with its ARN."""
    states = {"Name": "instance-state-name", "Values": list(LIVING)}
    answer = await aws.pages("ec2", "describe_instances", Filters=[_on(tags.PLAN, plan), states])
    return [
        (_arn(aws.region, reservation["OwnerId"], instance["InstanceId"]), instance)
        for reservation in answer.get("Reservations", [])
        for instance in reservation["Instances"]
    ]


def state_of(instance: Instance) -> str:
    """EC2's own word, such as `running`."""
    return str(instance.get("State", {}).get("Name", ""))


def tags_on(instance: Instance) -> dict[str, str]:
    """All tags, solvent's and others."""
    return tags.mapped(instance.get("Tags", []))


def meaning(instance: Instance) -> ResourceState:
    """EC2's state in the words of the port.

    One that runs and is still tagged warm is half-made: it was launched to be stopped.
    """
    state = state_of(instance)
    if state in _CHANGING:
        return ResourceState.CHANGING
    if state == "stopped":
        return ResourceState.WARM
    return ResourceState.BROKEN if tags_on(instance).get(tags.STATE) == "warm" else ResourceState.HOT


def differences(options: Ec2Options, instance: Instance) -> tuple[str, ...]:
    """What stands otherwise than the options wish. Another type counts only while stopped: nothing restarts it."""
    said = []
    if not has_sev_snp(instance) and options.confidential == SEV_SNP:
        said.append(f"AMD SEV-SNP is off, the options wish {SEV_SNP}")
    if not requires_tokens(instance):
        said.append("the metadata service answers without a session token (IMDSv1)")
    if not has_groups(options, instance):
        said.append(f"the security groups are not {', '.join(options.security_groups)}")
    if state_of(instance) == "stopped" and not has_type(options, instance):
        said.append(f"the type is {instance.get('InstanceType')}, the options wish {options.instance_type}")
    return tuple(said)


def detail(options: Ec2Options, instance: Instance) -> str:
    """What an operator wants to read of it, and what only making it anew would change."""
    said = [f"{instance['InstanceId']}, {instance.get('InstanceType', '')}, {state_of(instance)}"]
    if instance.get("PrivateIpAddress"):
        said.append(str(instance["PrivateIpAddress"]))
    if not has_type(options, instance) and state_of(instance) != "stopped":
        said.append(f"the options wish {options.instance_type}: deactivate and activate it")
    if options.image and instance.get("ImageId") != options.image:
        said.append(f"made from {instance.get('ImageId')}, the options wish {options.image}: decommission and warm it")
    if has_sev_snp(instance) and options.confidential == NONE:
        said.append("AMD SEV-SNP is on")
    return "; ".join(said)


def has_sev_snp(instance: Instance) -> bool:
    """Whether its memory is encrypted and attested by AMD SEV-SNP; settled when it is launched."""
    return bool(instance.get("CpuOptions", {}).get("AmdSevSnp") == "enabled")


def requires_tokens(instance: Instance) -> bool:
    """Whether IMDSv2 is required."""
    metadata: Mapping[str, str] = instance.get("MetadataOptions", {})
    return metadata.get("HttpTokens") == "required" or metadata.get("HttpEndpoint") == "disabled"


def has_groups(options: Ec2Options, instance: Instance) -> bool:
    """Whether it has the wished security groups; where none is wished, any will do."""
    standing = {group["GroupId"] for group in instance.get("SecurityGroups", [])}
    return not options.security_groups or standing == set(options.security_groups)


def has_type(options: Ec2Options, instance: Instance) -> bool:
    """Whether it is of the wished type; an orphan has no wish."""
    return options.instance_type in ("", str(instance.get("InstanceType", "")))


def _flat(answer: Mapping[str, Any]) -> list[Instance]:
    instances = [each for reservation in answer.get("Reservations", []) for each in reservation["Instances"]]
    return sorted(instances, key=lambda each: (str(each.get("LaunchTime", "")), each["InstanceId"]))


def _components(work: Work[Ec2Options]) -> list[dict[str, Any]]:
    return [_on(tags.PLAN, work.resource.plan), _on(tags.COMPONENT, work.resource.component)]


def _on(key: str, value: str) -> dict[str, Any]:
    return {"Name": f"tag:{key}", "Values": [value]}


def _id_in(name: str) -> str:
    arn = arn_of(name) if name.startswith("arn:") else None
    identity = name if arn is None else arn.name
    if not re.fullmatch(r"i-[0-9a-f]{8,17}", identity) or (arn is not None and arn.service != "ec2"):
        expected = "arn:aws:ec2:<region>:<account>:instance/i-0123456789abcdef0, or its id alone"
        raise Permanent(f"{name} is no instance of EC2: expected {expected}")
    return identity


def _arn(region: str, account: str, identity: str) -> str:
    partition = next(
        (p for start, p in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")) if region.startswith(start)), "aws"
    )
    return f"arn:{partition}:ec2:{region}:{account}:instance/{identity}"

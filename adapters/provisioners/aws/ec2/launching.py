"""Launching the one instance of a component: EC2 itself keeps a launch from happening twice, by its client token."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer
from adapters.provisioners.aws.ec2.instances import launched_by, state_of
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_ec2 import SEV_SNP, Ec2Options
from machines.ports.faults import Ambiguous, Permanent

_ENDED: Final = "IdempotentInstanceTerminated"
_OTHER: Final = "IdempotentParameterMismatch"
_LAUNCHES_MAX: Final = 20
_UEFI: Final = ("uefi", "uefi-preferred")
_GONE: Final = ("terminated", "shutting-down")


async def launch(work: Work[Ec2Options]) -> Answer | None:
    """Launch it, or find that it was launched; None where another order launched it since the look.

    The client token says component, generation and options, not the order: so two daemons whose orders differ are kept
    from making two, and so is a look that did not yet show what was just made. Where what it made is terminated by now,
    the next number stands at its end.
    """
    if work.order is None or work.resource.name:
        raise Permanent(f"the adopted instance {work.resource.name} is gone: adopt another one, or none")
    parameters = await _parameters(work)
    token = ""
    for number in range(_LAUNCHES_MAX):
        token = client_token(work, number)
        answer = await work.aws.call_or_code((_ENDED, _OTHER), "ec2", "run_instances", ClientToken=token, **parameters)
        if isinstance(answer, str):
            if answer == _OTHER and not await _ended(work, token):
                return None
        elif any(state_of(each) not in _GONE for each in answer["Instances"]):
            return answer
    said = f"{work.name} was launched and terminated {_LAUNCHES_MAX} times in one generation"
    raise Permanent(f"{said}{await _because(work, token)}: find out by whom or why, then change its options")


def client_token(work: Work[Ec2Options], number: int) -> str:
    """At most 64 ASCII characters."""
    generation = work.order.generation if work.order is not None else 0
    options = msgspec.json.encode(msgspec.structs.replace(work.options, tags={}))
    named = f"{work.resource.plan}\0{work.resource.component}\0{generation}\0".encode()
    return f"solvent-{hashlib.sha256(named + options).hexdigest()[:40]}-{number}"


async def _because(work: Work[Ec2Options], token: str) -> str:
    """EC2's own reason why the last one ended, such as a key that it may not use."""
    reasons = [each.get("StateReason", {}).get("Message", "") for each in await launched_by(work, token)]
    return f" ({reasons[-1]})" if any(reasons) else ""


async def _ended(work: Work[Ec2Options], token: str) -> bool:
    """Whether what was launched under it has come to its end. Raises `Ambiguous` where EC2 does not show it."""
    launched = await launched_by(work, token)
    if not launched:
        raise Ambiguous(
            f"{work.name} was launched already, and EC2 does not show the instance: it shows a new one after seconds, "
            f"and forgets a terminated one's client token {token} within two days"
        )
    return all(state_of(each) in _GONE for each in launched)


async def _parameters(work: Work[Ec2Options]) -> dict[str, Any]:
    options = work.options
    on_it = work.tags(state="warm")
    kept = tags.listed({key: value for key, value in on_it.items() if key != tags.STATE})
    parameters: dict[str, Any] = {
        "ImageId": options.image,
        "InstanceType": options.instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        # What an instance's own shutdown would terminate could not be started again.
        "InstanceInitiatedShutdownBehavior": "stop",
        "BlockDeviceMappings": [await _root_volume(work)],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": tags.listed({"Name": work.name, **on_it})},
            {"ResourceType": "volume", "Tags": kept},
        ],
    }
    if options.confidential == SEV_SNP:
        parameters["CpuOptions"] = {"AmdSevSnp": "enabled"}
    if options.subnet:
        parameters["SubnetId"] = options.subnet
    if options.security_groups:
        parameters["SecurityGroupIds"] = list(options.security_groups)
    if options.key_name:
        parameters["KeyName"] = options.key_name
    if options.instance_profile:
        parameters["IamInstanceProfile"] = {"Name": options.instance_profile}
    return parameters


async def _root_volume(work: Work[Ec2Options]) -> dict[str, Any]:
    """The image says under which name its root volume is attached, and whether it can boot confidentially."""
    options = work.options
    answer = await work.aws.call("ec2", "describe_images", ImageIds=[options.image])
    if not answer.get("Images"):
        raise Permanent(f"the image {options.image} is not there in {work.aws.region}: mend the option image")
    image = answer["Images"][0]
    if options.confidential == SEV_SNP and image.get("BootMode") not in _UEFI:
        raise Permanent(
            f"the image {options.image} boots by {image.get('BootMode', 'legacy-bios')}, and {SEV_SNP} needs UEFI: "
            "name an image whose boot mode is uefi or uefi-preferred"
        )
    device = str(image.get("RootDeviceName", "/dev/xvda"))
    own = [each.get("Ebs", {}) for each in image.get("BlockDeviceMappings", []) if each.get("DeviceName") == device]
    volume_gb = options.volume_gb or (own[0].get("VolumeSize", 0) if own else 0)
    volume: dict[str, Any] = {"DeleteOnTermination": True, "VolumeType": "gp3"}
    if options.encrypted:
        volume["Encrypted"] = True
    if volume_gb:
        volume["VolumeSize"] = volume_gb
    return {"DeviceName": device, "Ebs": volume}

"""The names of what solvent makes at AWS: the same for the same component, on every machine and after every restart."""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from config.provisioner_options.aws import COMPONENT
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

PREFIX: Final = "solvent"
HASH_CHARACTERS: Final = 8
_ARN_PARTS: Final = 6


class Arn(msgspec.Struct, frozen=True):
    """An ARN taken apart: `arn:<partition>:<service>:<region>:<account>:<type><: or /><name>`."""

    service: str
    region: str
    account: str
    type: str
    name: str


def name_of(resource: Resource, characters_max: int) -> str:
    """The name of a component's resource: the adopted one's own, else one made of a-z, 0-9 and single hyphens.

    Names that had to be changed or shortened end with a hash of the whole, so that no two components share one.
    """
    if resource.name:
        return arn_of(resource.name).name if resource.name.startswith("arn:") else resource.name
    whole = f"{PREFIX}-{resource.plan}-{resource.component}"
    plain = re.sub(r"[-_]+", "-", whole).strip("-")
    if plain == whole and len(plain) <= characters_max:
        return plain
    digest = hashlib.sha256(f"{resource.plan}\0{resource.component}".encode()).hexdigest()[:HASH_CHARACTERS]
    return f"{plain[: characters_max - HASH_CHARACTERS - 1].rstrip('-')}-{digest}"


def referred(text: str, plan: str, characters_max: int) -> str:
    """The name that `component/ID` stands for, the one which solvent gives that component; any other text itself."""
    if not text.startswith(COMPONENT):
        return text
    return name_of(Resource(plan, text.removeprefix(COMPONENT)), characters_max)


def arn_of(text: str) -> Arn:
    """An ARN's parts, of a bucket of S3 too, whose ARN names neither place nor type; `Permanent` for any other text."""
    parts = text.split(":", _ARN_PARTS - 1)
    last = re.fullmatch(r"([^:/]+)[:/](.+)", parts[-1]) if len(parts) == _ARN_PARTS else None
    if last is None and parts[:3:2] == ["arn", "s3"] and len(parts) == _ARN_PARTS:
        return Arn("s3", "", "", "bucket", parts[-1])
    if last is None or parts[0] != "arn":
        raise Permanent(f"{text} is no ARN of a resource: expected such as arn:aws:ecr:eu-central-1:123456789012:…")
    return Arn(parts[2], parts[3], parts[4], last[1], last[2])

"""The anchor: a DB parameter group that nothing uses and that AWS gives for nothing.

It carries the tags of a WARM component that has no instance, and names the snapshot that holds its data.
"""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.names import name_of
from adapters.provisioners.aws.recipe import Tagged, Work
from config.provisioner_options.aws_rds import RdsOptions, parameter_group_family
from machines.ports.provisioner import Resource

TYPE: Final = "pg"
"""As ARNs name a parameter group."""
SNAPSHOT: Final = "solvent:snapshot"
NAME_CHARACTERS_MAX: Final = 63
_ABSENT: Final = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
_THERE: Final = ("DBParameterGroupAlreadyExists", "DBParameterGroupAlreadyExistsFault")


class Anchor(msgspec.Struct, frozen=True):
    """The parameter group and what is written on it."""

    arn: str
    tags: dict[str, str]


def anchor_name(resource: Resource) -> str:
    """Solvent's own name even where the instance was adopted under another, unless the anchor itself was."""
    if resource.name.split(":")[5:6] == [TYPE]:
        return name_of(resource, NAME_CHARACTERS_MAX)
    return name_of(msgspec.structs.replace(resource, name=""), NAME_CHARACTERS_MAX)


async def find(work: Work[RdsOptions]) -> Anchor | None:
    """The component's anchor with its tags; None where there is none."""
    name = anchor_name(work.resource)
    answer = await work.aws.call_unless(_ABSENT, "rds", "describe_db_parameter_groups", DBParameterGroupName=name)
    groups = answer["DBParameterGroups"] if answer is not None else []
    if not groups:
        return None
    arn = str(groups[0]["DBParameterGroupArn"])
    on_it = await _tags(work.aws, arn)
    return None if on_it is None else Anchor(arn, on_it)


async def create(work: Work[RdsOptions], **more: str) -> Answer | None:
    """Make it with its tags in one call. None where somebody else took the name since the look."""
    options = work.options
    return await work.aws.call_unless(
        _THERE,
        "rds",
        "create_db_parameter_group",
        DBParameterGroupName=anchor_name(work.resource),
        DBParameterGroupFamily=parameter_group_family(options.engine, options.engine_version),
        Description=f"solvent: {work.resource.plan}/{work.resource.component} while it is warm without an instance",
        Tags=tags.listed(work.tags(**more)),
    )


async def write(work: Work[RdsOptions], snapshot_name: str) -> None:
    """Make sure that it stands under the order's tags and names the snapshot."""
    standing = await find(work)
    if standing is None and await create(work, snapshot=snapshot_name) is None:
        standing = await find(work)
    if standing is not None:
        on_it = tags.listed(work.tags(snapshot=snapshot_name))
        await work.aws.call("rds", "add_tags_to_resource", ResourceName=standing.arn, Tags=on_it)


async def delete(work: Work[RdsOptions]) -> Answer | None:
    """None where it is gone already."""
    name = anchor_name(work.resource)
    return await work.aws.call_unless(_ABSENT, "rds", "delete_db_parameter_group", DBParameterGroupName=name)


async def all_tagged(aws: Place) -> list[Tagged]:
    """Every parameter group of a region, save AWS's own, with its tags."""
    found = []
    for group in (await aws.pages("rds", "describe_db_parameter_groups")).get("DBParameterGroups", []):
        if not str(group["DBParameterGroupName"]).startswith("default."):
            arn = str(group["DBParameterGroupArn"])
            on_it = await _tags(aws, arn)
            if on_it is not None:
                found.append(Tagged(arn, on_it))
    return found


async def _tags(aws: Place, arn: str) -> dict[str, str] | None:
    """None where it is gone by now."""
    answer = await aws.call_unless(_ABSENT, "rds", "list_tags_for_resource", ResourceName=arn)
    return None if answer is None else tags.mapped(answer.get("TagList", []))

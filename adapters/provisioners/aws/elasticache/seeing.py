"""What a look at a group, and at the user that stands for it, comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.elasticache import anchor, snapshots
from adapters.provisioners.aws.elasticache.group import detail_of, differences_of, state_of
from adapters.provisioners.aws.names import PREFIX, arn_of, name_of
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_elasticache import ElastiCacheOptions
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

LOOK_AFTER_GROUP_S: Final = 60.0
LOOK_AFTER_USER_S: Final = 5.0
NAME_CHARACTERS_MAX: Final = 40
ANCHOR_HASH_CHARACTERS: Final = 16
GROUP_GONE: Final = ("ReplicationGroupNotFoundFault",)
_NO_TAGS_NOW: Final = (
    *GROUP_GONE,
    *anchor.NOT_FOUND,
    "CacheClusterNotFound",
    "InvalidReplicationGroupState",
    "InvalidReplicationGroupStateFault",
)


class Names(msgspec.Struct, frozen=True):
    """Where to look."""

    group: str
    """"" where only a user is meant."""
    anchor: str


def names_of(work: Work[ElastiCacheOptions]) -> Names:
    """Both are called the same, save with an adopted group: a user of its name may be the application's own.

    Raises `Permanent` for an ARN that this kind cannot move.
    """
    name = work.resource.name
    if not name:
        return Names(work.name, work.name)
    if name.startswith("arn:"):
        _refuse_other_types(name)
    own = name_of(Resource(work.resource.plan, work.resource.component), NAME_CHARACTERS_MAX)
    if work.name == own:
        return Names(own, own)
    if name.startswith("arn:") and arn_of(name).type == "user":
        return Names("", work.name)
    return Names(work.name, _anchor_of_adopted(work))


def _refuse_other_types(name: str) -> None:
    arn = arn_of(name)
    if arn.service != "elasticache" or arn.type not in ("user", "replicationgroup"):
        raise Permanent(
            f"{name} is no replication group: adopt one by its ARN (arn:aws:elasticache:…:replicationgroup:…); "
            "serverless caches and single clusters of Memcached are not moved by aws_elasticache"
        )


def _anchor_of_adopted(work: Work[ElastiCacheOptions]) -> str:
    """Another one for every group that a component adopts: what stands for one must not be seen for the next."""
    whole = f"{work.resource.plan}\0{work.resource.component}\0{work.name}"
    return f"{PREFIX}-adopted-{hashlib.sha256(whole.encode()).hexdigest()[:ANCHOR_HASH_CHARACTERS]}"


async def group_of(work: Work[ElastiCacheOptions], name: str) -> Answer | None:
    """The group; None where there is none."""
    answer = await work.aws.call_unless(
        GROUP_GONE, "elasticache", "describe_replication_groups", ReplicationGroupId=name
    )
    groups = answer["ReplicationGroups"] if answer else []
    return groups[0] if groups else None


async def tags_of(aws: Place, group: Answer | None, user: Answer | None) -> Mapping[str, str]:
    """Those of the group once it is available, before that those of the anchor: AWS refuses them in between."""
    if group is not None and (state_of(group) is ResourceState.HOT or user is None):
        on_it = await tags_on(aws, group["ARN"])
        if on_it is not None:
            return on_it
    return (await tags_on(aws, user["ARN"]) or {}) if user else {}


async def tags_on(aws: Place, arn: str) -> dict[str, str] | None:
    """None where it is gone, or AWS does not say while it changes."""
    answer = await aws.call_unless(_NO_TAGS_NOW, "elasticache", "list_tags_for_resource", ResourceName=arn)
    return None if answer is None else tags.mapped(answer.get("TagList", []))


async def group_seen(work: Work[ElastiCacheOptions], group: Answer, token: str) -> Observation:
    """A group that AWS takes its daily backup of is hot; one of which the final snapshot is taken ends."""
    state, detail = state_of(group), detail_of(work.options, group)
    if group.get("Status") == "snapshotting":
        newest = snapshots.newest(await snapshots.own(work))
        if newest is not None and newest.status == "creating":
            state, detail = ResourceState.CHANGING, f"the snapshot {newest.name} is being taken before the end"
    is_compared = state is ResourceState.HOT and work.options.node_type
    return Observation(
        state,
        (token,),
        detail=detail,
        differences=differences_of(work.options, group) if is_compared else (),
        look_after_s=LOOK_AFTER_GROUP_S if state is ResourceState.CHANGING else None,
    )


def anchor_seen(user: Answer, token: str) -> Observation:
    """Warm, once AWS has done with it."""
    if user.get("Status") == "active":
        return Observation(ResourceState.WARM, (token,))
    detail = f"the user that stands for the group is {user.get('Status')}"
    return Observation(ResourceState.CHANGING, (token,), detail=detail, look_after_s=LOOK_AFTER_USER_S)

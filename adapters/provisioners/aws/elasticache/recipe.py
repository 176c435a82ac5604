"""A replication group of Amazon ElastiCache: hot while it stands, warm while only its anchor does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.answered import begun, done
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.elasticache import anchor, snapshots
from adapters.provisioners.aws.elasticache.group import creation, next_change
from adapters.provisioners.aws.elasticache.seeing import (
    GROUP_GONE,
    LOOK_AFTER_GROUP_S,
    LOOK_AFTER_USER_S,
    NAME_CHARACTERS_MAX,
    anchor_seen,
    group_of,
    group_seen,
    names_of,
    tags_of,
    tags_on,
)
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_elasticache import ElastiCacheOptions, elasticache_options
from machines.observations import ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import StepBegun, StepDone

_GROUP: Final = "group"
_ANCHOR: Final = "anchor"


class ElastiCacheRecipe:
    """What solvent does with a replication group."""

    kind = "aws_elasticache"
    service = "elasticache"
    name_characters_max = NAME_CHARACTERS_MAX

    def options(self, plain: Mapping[str, Any]) -> ElastiCacheOptions:
        """Raises `msgspec.ValidationError`."""
        return elasticache_options(plain)

    def options_of_orphan(self, region: str) -> ElastiCacheOptions:
        """An orphan leaves a snapshot; what it should look like is not known, and not asked."""
        return ElastiCacheOptions(region, node_type="", snapshot=True)

    async def look(self, work: Work[ElastiCacheOptions]) -> Standing:
        """The group and what stands for it while there is none."""
        names = names_of(work)
        group = await group_of(work, names.group) if names.group else None
        user = await anchor.found(work.aws, names.anchor)
        if group is None and user is None:
            return ABSENT
        token = (await tags_of(work.aws, group, user)).get(tags.TOKEN, "")
        seen = await group_seen(work, group, token) if group else anchor_seen(user or {}, token)
        raw = {key: value for key, value in ((_GROUP, group), (_ANCHOR, user)) if value is not None}
        return Standing(seen, raw[_GROUP if group else _ANCHOR]["ARN"], raw)

    async def make(self, work: Work[ElastiCacheOptions], standing: Standing) -> StepDone | StepBegun | None:
        """Create the anchor; a group that failed to come up is removed."""
        if _GROUP in standing.raw:
            return await self.stop(work, standing)
        answer = await anchor.made(work, names_of(work).anchor)
        return None if answer is None else done(answer)

    async def start(self, work: Work[ElastiCacheOptions], standing: Standing) -> StepDone | StepBegun:
        """Create the group, from its newest snapshot where it keeps data; or change one thing that differs."""
        group = standing.raw.get(_GROUP)
        if group is None:
            return await self._create(work)
        if standing.observation.state is ResourceState.BROKEN:
            return await self._delete_group(work, "", "it failed to come up and is made again")
        change = next_change(work.options, group)
        if change is None:
            return StepDone()
        answer = await work.aws.call("elasticache", change.operation, ReplicationGroupId=work.name, **change.parameters)
        return begun(answer, change.operation.replace("_", " "), LOOK_AFTER_GROUP_S)

    async def stop(self, work: Work[ElastiCacheOptions], standing: Standing) -> StepDone | StepBegun:
        """Delete the group, with a final snapshot where it keeps data, once its anchor is sure to stand."""
        if _GROUP not in standing.raw:
            return StepDone()
        if _ANCHOR not in standing.raw:
            await anchor.made(work, names_of(work).anchor)
        return await self._delete_group(work, await self._final_snapshot(work, standing), "the group is being deleted")

    async def remove(self, work: Work[ElastiCacheOptions], standing: Standing) -> StepDone | StepBegun:
        """Remove the anchor, and a group that failed to come up or belongs to nothing; snapshots are kept."""
        answer = await anchor.removed(work.aws, standing.raw[_ANCHOR]["UserId"]) if _ANCHOR in standing.raw else {}
        if _GROUP in standing.raw:
            snapshot = await self._final_snapshot(work, standing)
            return await self._delete_group(work, snapshot, f"the snapshot {snapshot} is kept" if snapshot else "")
        if answer is None:
            return StepDone()
        return begun(answer, "", LOOK_AFTER_USER_S)

    async def retag(self, work: Work[ElastiCacheOptions], standing: Standing) -> None:
        """The anchor first: whoever finds the token on the group finds it on the anchor as well."""
        for each in (_ANCHOR, _GROUP):
            if each in standing.raw:
                await work.aws.call(
                    "elasticache",
                    "add_tags_to_resource",
                    ResourceName=standing.raw[each]["ARN"],
                    Tags=tags.listed(work.tags()),
                )

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Groups, and the users that stand for them."""
        del plan
        groups = (await aws.pages("elasticache", "describe_replication_groups")).get("ReplicationGroups", [])
        users = (await aws.pages("elasticache", "describe_users")).get("Users", [])
        found = []
        for each in (*groups, *users):
            if each.get("ARN") and each.get("Status") != "deleting":
                on_it = await tags_on(aws, each["ARN"])
                if on_it is not None:
                    found.append(Tagged(each["ARN"], on_it))
        return found

    async def _create(self, work: Work[ElastiCacheOptions]) -> StepBegun:
        if not names_of(work).group:
            raise Permanent(f"{work.resource.name} is no replication group: adopt one by its ARN")
        restored: dict[str, str] = {}
        if _keeps_data(work):
            taken = await snapshots.own(work)
            newest = snapshots.newest(taken)
            if newest is not None and newest.status == "creating":
                return StepBegun("", f"the snapshot {newest.name} is still being taken", LOOK_AFTER_GROUP_S)
            await snapshots.prune(work, taken)
            restored = {"SnapshotName": newest.name} if newest else {}
        answer = await work.aws.call_unless(
            ("ReplicationGroupAlreadyExists", "ReplicationGroupAlreadyExistsFault"),
            "elasticache",
            "create_replication_group",
            ReplicationGroupId=work.name,
            ReplicationGroupDescription=f"{work.resource.plan}/{work.resource.component}, managed by solvent",
            Tags=tags.listed(work.tags()),
            **creation(work.options),
            **restored,
        )
        return begun(answer, "the group is being created", LOOK_AFTER_GROUP_S)

    async def _final_snapshot(self, work: Work[ElastiCacheOptions], standing: Standing) -> str:
        """The name of the snapshot to take with the deletion; "" for none. What never came up holds nothing."""
        if standing.observation.state is ResourceState.BROKEN or not _keeps_data(work):
            return ""
        return await snapshots.next_name(work)

    async def _delete_group(self, work: Work[ElastiCacheOptions], snapshot: str, detail: str) -> StepBegun:
        final = {"FinalSnapshotIdentifier": snapshot} if snapshot else {}
        answer = await work.aws.call_unless(
            GROUP_GONE, "elasticache", "delete_replication_group", ReplicationGroupId=work.name, **final
        )
        return begun(answer, detail, LOOK_AFTER_GROUP_S)


def _keeps_data(work: Work[ElastiCacheOptions]) -> bool:
    return work.resource.stateful or work.options.snapshot

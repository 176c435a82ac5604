"""The snapshots that deactivation leaves: `<name of the group>-0001` and on, so that they need no memory."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_elasticache import ElastiCacheOptions


class Snapshot(msgspec.Struct, frozen=True, order=True):
    """One of a component's own."""

    number: int
    name: str
    status: str


async def own(work: Work[ElastiCacheOptions]) -> tuple[Snapshot, ...]:
    """All that solvent made of this group, oldest first. AWS's daily backups go with the group and are not among them.

    All of the region are listed: asked for those of one group, AWS refuses where the group is gone.
    """
    answer = await work.aws.pages("elasticache", "describe_snapshots", SnapshotSource="user")
    found = []
    for each in answer.get("Snapshots", []):
        numbered = re.fullmatch(re.escape(work.name) + r"-(\d{4,})", each.get("SnapshotName", ""))
        if numbered and each.get("ReplicationGroupId", work.name) == work.name:
            found.append(Snapshot(int(numbered[1]), each["SnapshotName"], each.get("SnapshotStatus", "")))
    return tuple(sorted(found))


async def next_name(work: Work[ElastiCacheOptions]) -> str:
    """The name of the snapshot to be taken now.

    The same for a call that was lost: where it was not, the group is being deleted and no second call is made.
    """
    taken = await own(work)
    return f"{work.name}-{(taken[-1].number if taken else 0) + 1:04}"


def newest(taken: Sequence[Snapshot]) -> Snapshot | None:
    """The one to restore from, perhaps still being taken; None where there is none."""
    left = [each for each in taken if each.status != "deleting"]
    return left[-1] if left else None


async def prune(work: Work[ElastiCacheOptions], taken: Sequence[Snapshot]) -> None:
    """Delete what is older than those that the options keep."""
    left = [each for each in taken if each.status == "available"]
    for each in left[: -work.options.snapshots_kept]:
        await work.aws.call_unless(("SnapshotNotFoundFault",), "elasticache", "delete_snapshot", SnapshotName=each.name)

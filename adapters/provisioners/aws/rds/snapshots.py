"""A component's own snapshots: numbered, the newest is its data."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_rds import RdsOptions

ABSENT: Final = ("DBSnapshotNotFound", "DBSnapshotNotFoundFault")
AVAILABLE: Final = "available"
CREATING: Final = "creating"


class Snapshot(msgspec.Struct, frozen=True):
    """One that solvent took."""

    name: str
    number: int
    status: str
    storage_gb: int
    tags: dict[str, str]


def snapshot_name(instance: str, number: int) -> str:
    """Such as `solvent-shop-database-final-00003`."""
    return f"{instance}-final-{number:05}"


def number_of(instance: str, name: str) -> int | None:
    """The number in a snapshot's name; None where solvent did not name it."""
    found = re.fullmatch(re.escape(instance) + r"-final-(\d{5,})", name)
    return int(found[1]) if found else None


async def own_snapshots(work: Work[RdsOptions]) -> tuple[Snapshot, ...]:
    """The component's own, oldest first, whichever of its generations took them."""
    answer = await work.aws.pages("rds", "describe_db_snapshots", DBInstanceIdentifier=work.name, SnapshotType="manual")
    numbered = ((number_of(work.name, each["DBSnapshotIdentifier"]), each) for each in answer.get("DBSnapshots", []))
    return tuple(sorted((_snapshot(number, each) for number, each in numbered if number is not None), key=_by_number))


async def next_name(work: Work[RdsOptions]) -> str:
    """The name of the snapshot that is taken next: the same however often one step asks for it."""
    own = await own_snapshots(work)
    return snapshot_name(work.name, own[-1].number + 1 if own else 1)


async def prune(work: Work[RdsOptions], kept: int) -> None:
    """Remove the oldest, so that so many are left. Those without the component's tags are left alone."""
    own = await own_snapshots(work)
    for each in own[: max(0, len(own) - kept)]:
        ours = (work.resource.plan, work.resource.component)
        if (each.tags.get(tags.PLAN), each.tags.get(tags.COMPONENT)) == ours and each.status == AVAILABLE:
            await work.aws.call_unless(ABSENT, "rds", "delete_db_snapshot", DBSnapshotIdentifier=each.name)


def _snapshot(number: int, found: dict[str, Any]) -> Snapshot:
    return Snapshot(
        found["DBSnapshotIdentifier"],
        number,
        str(found.get("Status", "")),
        int(found.get("AllocatedStorage", 0)),
        tags.mapped(found.get("TagList", [])),
    )


def _by_number(snapshot: Snapshot) -> int:
    return snapshot.number

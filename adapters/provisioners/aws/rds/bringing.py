"""Where an instance comes from: the newest own snapshot, or nothing."""

from __future__ import annotations

from adapters.provisioners.aws.rds import anchor, instance, snapshots
from adapters.provisioners.aws.rds.instance import begun
from adapters.provisioners.aws.rds.statuses import LOOK_AFTER_S
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_rds import RdsOptions
from machines.ports.faults import Permanent
from machines.ports.provisioner import StepBegun


async def bring(work: Work[RdsOptions]) -> StepBegun | None:
    """An instance with the data of the newest own snapshot, an empty one where there is none."""
    own = await snapshots.own_snapshots(work)
    group = await anchor.find(work)
    named = group.tags.get(anchor.SNAPSHOT, "") if group is not None else ""
    if named and named not in {each.name for each in own}:
        raise Permanent(
            f"{named}, the snapshot that holds the data of {work.name}, is not there: copy a snapshot to "
            f"that name, or remove the tag {anchor.SNAPSHOT} of the parameter group "
            f"{anchor.anchor_name(work.resource)} to go on with an older one or none"
        )
    if not own:
        created = await instance.create(work)
        return None if created is None else begun(created, "creating")
    newest = own[-1]
    if newest.status == snapshots.CREATING:
        return StepBegun(detail=f"the snapshot {newest.name} is not complete yet", look_after_s=LOOK_AFTER_S)
    if newest.status != snapshots.AVAILABLE:
        raise Permanent(f"the snapshot {newest.name} is {newest.status}: remove it to restore the one before it")
    restored = await instance.restore(work, newest)
    return None if restored is None else begun(restored, "creating")

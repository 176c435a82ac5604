"""A database instance of Amazon RDS.

WARM is an instance that is stopped, or no instance at all: then its data is its newest own snapshot, and the anchor
(`anchor.py`) carries its tags. The tag `solvent:phase` says whether the step that made an instance came to its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.rds import anchor, instance, snapshots
from adapters.provisioners.aws.rds.bringing import bring
from adapters.provisioners.aws.rds.differences import differences
from adapters.provisioners.aws.rds.instance import begun, request_id
from adapters.provisioners.aws.rds.looks import (
    refuse_bound_instances,
    refuse_other_resources,
    standing_of_anchor,
    standing_of_instance,
)
from adapters.provisioners.aws.rds.statuses import (
    BROKEN,
    LOOK_AFTER_S,
    MADE,
    SERVING,
    STOPPED,
    STORAGE_FULL,
    WITHOUT_SNAPSHOT,
    is_settled,
    never_served,
    status_of,
)
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_rds import Engine, RdsOptions, WarmAs, rds_options
from machines.observations import ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import StepBegun, StepDone


class RdsRecipe:
    """What solvent does with a database instance."""

    kind = "aws_rds"
    service = "rds"
    name_characters_max = anchor.NAME_CHARACTERS_MAX

    def options(self, plain: Mapping[str, Any]) -> RdsOptions:
        """Raises `msgspec.ValidationError`."""
        return rds_options(plain)

    def options_of_orphan(self, region: str) -> RdsOptions:
        """A last snapshot is always taken of an orphan; without a class there is nothing to compare."""
        return RdsOptions(region, Engine.POSTGRES, "", "", 0, WarmAs.SNAPSHOT)

    async def look(self, work: Work[RdsOptions]) -> Standing:
        """The instance with its tags, else the anchor with its. Of an orphan only what was listed."""
        refuse_other_resources(work.resource)
        only = arn_of(work.resource.name).type if _is_orphan(work) else ""
        found = await instance.find(work) if only != anchor.TYPE else None
        if found is not None:
            refuse_bound_instances(found)
            return standing_of_instance(work.options, found)
        group = await anchor.find(work) if only in ("", anchor.TYPE) else None
        return ABSENT if group is None else standing_of_anchor(group)

    async def make(self, work: Work[RdsOptions], standing: Standing) -> StepDone | StepBegun | None:
        """The anchor alone; or an instance, which is stopped as soon as it is available."""
        if standing.raw:
            return await self.stop(work, standing)
        if work.options.warm is WarmAs.STOPPED:
            return await bring(work)
        answer = await anchor.create(work)
        return None if answer is None else _done(answer)

    async def start(self, work: Work[RdsOptions], standing: Standing) -> StepDone | StepBegun:
        """Start what is stopped, else restore or create; then put right what differs."""
        if not standing.raw:
            return await bring(work) or StepBegun(detail="made by somebody else", look_after_s=LOOK_AFTER_S)
        status = status_of(standing.raw)
        if status == STOPPED:
            answer = await work.aws.call("rds", "start_db_instance", DBInstanceIdentifier=work.name)
            return begun(answer, "starting")
        wrong = differences(work.options, standing.raw)
        grows = any("AllocatedStorage" in each.parameters for each in wrong)
        if status not in SERVING and not (status == STORAGE_FULL and grows):
            raise _broken(work, status)
        if not wrong:
            return await self._finish(work, standing)
        if not is_settled(standing.raw):
            await self._finish(work, standing)
        parameters = {name: value for each in wrong for name, value in each.parameters.items()}
        return begun(await instance.modify(work, **parameters), "modifying")

    async def stop(self, work: Work[RdsOptions], standing: Standing) -> StepDone | StepBegun:
        """Stop it; or take a last snapshot and delete it, its anchor standing."""
        if not standing.raw:
            return StepDone()
        if work.options.warm is WarmAs.STOPPED:
            status = status_of(standing.raw)
            if status == STOPPED:
                return await self._finish(work, standing)
            if status in BROKEN:
                raise _broken(work, status)
            answer = await work.aws.call("rds", "stop_db_instance", DBInstanceIdentifier=work.name)
            return begun(answer, "stopping")
        if standing.observation.state is ResourceState.WARM:  # stopped under earlier options: the next time it is hot
            return StepDone()
        name = await self._last_snapshot(work, standing.raw)
        # Before the deletion, whose answer may be lost: no later step would write it.
        if name:
            await anchor.write(work, name)
        elif await anchor.find(work) is None:
            await anchor.create(work)
        return await instance.delete(work, standing.raw, name)

    async def remove(self, work: Work[RdsOptions], standing: Standing) -> StepDone | StepBegun:
        """Delete the instance, after a last snapshot unless the options wish none; the anchor when it is gone."""
        kept = work.resource.stateful or work.options.final_snapshot
        if standing.raw:
            name = await self._last_snapshot(work, standing.raw) if kept else ""
            if not kept:
                await snapshots.prune(work, 0)
            return await instance.delete(work, standing.raw, name)
        if not kept:
            await snapshots.prune(work, 0)
        return _done(await anchor.delete(work))

    async def retag(self, work: Work[RdsOptions], standing: Standing) -> None:
        """The instance and the anchor, so that both say the same when only one of them is left."""
        arns = [standing.arn]
        if standing.raw and (group := await anchor.find(work)) is not None:
            arns.append(group.arn)
        for arn in arns:
            await self._tag(work, arn)

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """All instances and anchors. Snapshots are kept on purpose and are not listed."""
        del plan
        instances = (await aws.pages("rds", "describe_db_instances")).get("DBInstances", [])
        found = [Tagged(each["DBInstanceArn"], tags.mapped(each.get("TagList", []))) for each in instances]
        return [*found, *await anchor.all_tagged(aws)]

    async def _last_snapshot(self, work: Work[RdsOptions], raw: Mapping[str, Any]) -> str:
        """The name of the snapshot to take; "" of what never served and of which AWS can take none."""
        if status_of(raw) in WITHOUT_SNAPSHOT:
            if not never_served(raw):
                raise Permanent(
                    f"{work.name} is {status_of(raw)}, of which AWS takes no snapshot: restore one of its automatic "
                    "backups under another name, then delete it by hand"
                )
            return ""
        return await snapshots.next_name(work)

    async def _finish(self, work: Work[RdsOptions], standing: Standing) -> StepDone:
        """The step that made it is over: its data stands in an instance, so the oldest snapshots may go."""
        if is_settled(standing.raw):
            return StepDone()
        answer = await self._tag(work, standing.arn, phase=MADE)
        await snapshots.prune(work, work.options.snapshots_kept)
        return _done(answer)

    async def _tag(self, work: Work[RdsOptions], arn: str, **more: str) -> Answer:
        on_it = tags.listed(work.tags(**more))
        return await work.aws.call("rds", "add_tags_to_resource", ResourceName=arn, Tags=on_it)


def _is_orphan(work: Work[RdsOptions]) -> bool:
    return not work.options.instance_class


def _broken(work: Work[RdsOptions], status: str) -> Permanent:
    return Permanent(f"{work.name} is {status}: {BROKEN.get(status, 'look at it in the console of RDS')}")


def _done(answer: Answer | None) -> StepDone:
    return StepDone(request_id(answer))

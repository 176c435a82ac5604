"""An instance of Amazon EC2: warm it is stopped and only its volume is billed, hot it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.answered import begun, done
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.ec2 import instances, snapshots
from adapters.provisioners.aws.ec2.instances import Instance, state_of, tags_on
from adapters.provisioners.aws.ec2.launching import launch
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_ec2 import SEV_SNP, Ec2Options, ec2_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.provisioner import StepBegun, StepDone

LOOK_AFTER_S: Final = 10.0
SNAPSHOT_LOOK_AFTER_S: Final = 60.0
RETRY_STOP_S: Final = 60.0
_PROTECTED: Final = ("OperationNotPermitted", "UnsupportedOperation")
_MOVED: Final = ("IncorrectInstanceState", "IncorrectState")


class Ec2Recipe:
    """What solvent does with an instance."""

    kind = "aws_ec2"
    service = "ec2"
    name_characters_max = 255

    def options(self, plain: Mapping[str, Any]) -> Ec2Options:
        """Raises `msgspec.ValidationError`."""
        return ec2_options(plain)

    def options_of_orphan(self, region: str) -> Ec2Options:
        """An orphan counts as stateful: it is snapshotted before it goes."""
        return Ec2Options(region)

    async def look(self, work: Work[Ec2Options]) -> Standing:
        """The instance by the component's tags; several show all their tokens."""
        found = await instances.found(work)
        if not found:
            return ABSENT
        instance = next((each for each in found if state_of(each) == "running"), found[0])
        state = instances.meaning(instance)
        said = instances.detail(work.options, instance)
        look_after_s = LOOK_AFTER_S if state is ResourceState.CHANGING else None
        kept = state is ResourceState.WARM and work.resource.stateful
        if kept and await snapshots.taken(work, instance) == "pending":
            state, look_after_s = ResourceState.CHANGING, SNAPSHOT_LOOK_AFTER_S
            said = f"{said}; its volumes are being snapshotted"
        settled = state in (ResourceState.WARM, ResourceState.HOT)
        seen = Observation(
            state,
            tuple(tags_on(each).get(tags.TOKEN, "") for each in found),
            detail=said,
            differences=instances.differences(work.options, instance) if settled else (),
            look_after_s=look_after_s,
        )
        return Standing(seen, instance["InstanceId"], instance)

    async def make(self, work: Work[Ec2Options], standing: Standing) -> StepDone | StepBegun | None:
        """EC2 launches nothing stopped: launch it, and when it runs, stop it."""
        if standing.observation.state is ResourceState.ABSENT:
            answer = await launch(work)
            return None if answer is None else begun(answer, "launching; it is stopped when it runs", LOOK_AFTER_S)
        if state_of(standing.raw) == "running":
            return _moved(await self._stop(standing, work.aws), "StoppingInstances", "stopped")
        self._refuse_open_memory(work, standing.raw)
        await self._put_right(work, standing.raw)
        return StepDone("found done")

    async def start(self, work: Work[Ec2Options], standing: Standing) -> StepDone | StepBegun:
        """Put right what differs, start it, tag it hot. Without the wished SEV-SNP nothing is started."""
        self._refuse_open_memory(work, standing.raw)
        await self._put_right(work, standing.raw)
        answer: Answer | None = None
        if state_of(standing.raw) != "running":
            ids = [standing.arn]
            answer = await work.aws.call_unless(_MOVED, "ec2", "start_instances", InstanceIds=ids)
            if answer is None:
                raise Ambiguous(f"{standing.arn} changed its state meanwhile: look again")
        await self._tag(work, standing, state="hot")
        return done(None) if answer is None else _moved(answer, "StartingInstances", "running")

    async def stop(self, work: Work[Ec2Options], standing: Standing) -> StepDone | StepBegun:
        """Stop it; its volumes keep what they hold, and are billed."""
        answer = None if state_of(standing.raw) == "stopped" else await self._stop(standing, work.aws)
        await self._tag(work, standing, state="warm")
        return done(None) if answer is None else _moved(answer, "StoppingInstances", "stopped")

    async def remove(self, work: Work[Ec2Options], standing: Standing) -> StepDone | StepBegun:
        """Terminate it; a stateful one is stopped and snapshotted first, a phase each."""
        if work.resource.stateful and state_of(standing.raw) == "running":
            return begun(await self._stop(standing, work.aws), "stopping, to be snapshotted", LOOK_AFTER_S)
        if work.resource.stateful and (unkept := await self._keep(work, standing.raw)):
            return unkept
        refused = (*_PROTECTED, *instances.NOT_FOUND)
        ended = await work.aws.call_unless(refused, "ec2", "terminate_instances", InstanceIds=[standing.arn])
        if ended is not None:
            return _moved(ended, "TerminatingInstances", "terminated")
        if await instances.found(work):
            raise Permanent(f"{standing.arn} is protected against termination: switch that off if it shall go")
        return StepDone("found done")

    async def _keep(self, work: Work[Ec2Options], instance: Instance) -> StepBegun | None:
        """Snapshot its volumes; None where all snapshots since it stopped are complete."""
        progress, answer = await snapshots.taken(work, instance), None
        if not progress:
            answer = await snapshots.take(work, instance)
            progress = await snapshots.taken(work, instance)
        if progress == "completed":
            return None
        return begun(answer, "its volumes are being snapshotted", SNAPSHOT_LOOK_AFTER_S)

    async def retag(self, work: Work[Ec2Options], standing: Standing) -> None:
        """The state's tag follows with the step itself."""
        await self._tag(work, standing)

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Instances that live under the plan's tag."""
        return [Tagged(arn, tags_on(instance)) for arn, instance in await instances.living(aws, plan)]

    def _refuse_open_memory(self, work: Work[Ec2Options], instance: Instance) -> None:
        if work.options.confidential == SEV_SNP and not instances.has_sev_snp(instance):
            raise Permanent(
                f"{instance['InstanceId']} was launched without AMD SEV-SNP, which cannot be switched on later: "
                "decommission it and warm it again"
            )

    async def _put_right(self, work: Work[Ec2Options], instance: Instance) -> None:
        named = {"InstanceId": instance["InstanceId"]}
        if not instances.requires_tokens(instance):
            wished = {"HttpTokens": "required", "HttpEndpoint": "enabled"}
            await work.aws.call("ec2", "modify_instance_metadata_options", **named, **wished)
        if not instances.has_groups(work.options, instance):
            groups = list(work.options.security_groups)
            await work.aws.call("ec2", "modify_instance_attribute", **named, Groups=groups)
        if state_of(instance) == "stopped" and not instances.has_type(work.options, instance):
            wish = {"Value": work.options.instance_type}
            await work.aws.call("ec2", "modify_instance_attribute", **named, InstanceType=wish)

    async def _stop(self, standing: Standing, aws: Place) -> Answer:
        ids = [standing.arn]
        answer = await aws.call_unless((*_PROTECTED, *_MOVED), "ec2", "stop_instances", InstanceIds=ids)
        if answer is None:
            advice = "switch its stop protection off if it has one, else look again"
            raise Transient(f"{standing.arn} cannot be stopped now: {advice}", RETRY_STOP_S)
        return answer

    async def _tag(self, work: Work[Ec2Options], standing: Standing, **more: str) -> None:
        on_it = tags.listed(work.tags(**more))
        await work.aws.call("ec2", "create_tags", Resources=[standing.arn], Tags=on_it)


def _moved(answer: Answer, key: str, goal: str) -> StepDone | StepBegun:
    """Done where the answer already shows the goal; EC2 mostly says `pending` or `stopping`."""
    states = {str(each["CurrentState"]["Name"]) for each in answer.get(key, [])}
    return done(answer) if states == {goal} else begun(answer, ", ".join(sorted(states)), LOOK_AFTER_S)

"""An application load balancer: warm is its target group alone, which is free; hot is the load balancer before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws.answered import begun, done
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.load_balancer import changes, wishes
from adapters.provisioners.aws.load_balancer.changes import LOOK_AFTER_S
from adapters.provisioners.aws.load_balancer.parts import SERVICE, Parts, found, listed
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_load_balancer import LoadBalancerOptions, load_balancer_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.provisioner import StepBegun, StepDone

RETRY_IN_USE_S: Final = 60.0
_PROVISIONING: Final = "provisioning"
_FAILED: Final = "failed"


class LoadBalancerRecipe:
    """What solvent does with a load balancer."""

    kind = "aws_load_balancer"
    service = SERVICE
    name_characters_max = 32

    def options(self, plain: Mapping[str, Any]) -> LoadBalancerOptions:
        """Raises `msgspec.ValidationError`."""
        return load_balancer_options(plain)

    def options_of_orphan(self, region: str) -> LoadBalancerOptions:
        """Neither part stores anything."""
        return LoadBalancerOptions(region)

    async def look(self, work: Work[LoadBalancerOptions]) -> Standing:
        """Target group, load balancer, listeners, and the tags on the first two."""
        parts = await found(work)
        if not parts.arns:
            return ABSENT
        state = _state(work.options, parts)
        settled = state in (ResourceState.WARM, ResourceState.HOT)
        seen = Observation(
            state,
            (parts.token,),
            detail=_detail(parts),
            differences=wishes.differences(work.options, parts) if settled else (),
            look_after_s=LOOK_AFTER_S if state is ResourceState.CHANGING else None,
        )
        return Standing(seen, parts.arns[0], {"parts": parts})

    async def make(self, work: Work[LoadBalancerOptions], standing: Standing) -> StepDone | StepBegun | None:
        """Make the target group; a load balancer that stands half-made is no part of what is warm."""
        parts = _parts(standing)
        if parts.group:
            self._refuse_fixed(work, parts)
            answer = await changes.put_group_right(work, parts)
        else:
            answer = await changes.make_group(work)
            if answer is None:
                return None
        return await changes.delete_balancer(work, parts) if parts.balancer else done(answer)

    async def start(self, work: Work[LoadBalancerOptions], standing: Standing) -> StepDone | StepBegun:
        """Make the load balancer and its listeners, or put right what differs."""
        parts = _parts(standing)
        self._refuse_fixed(work, parts)
        if parts.code == _FAILED:
            await changes.delete_balancer(work, parts)
            return begun(None, "AWS could not make the load balancer: it is deleted and made again")
        if not parts.group and await changes.make_group(work) is None:
            raise Ambiguous(f"{work.name} was made by somebody else meanwhile: look again")
        await changes.put_group_right(work, parts)
        answer: Answer | None = None
        if parts.balancer:
            await changes.put_balancer_right(work, parts)
        else:
            answer = await changes.make_balancer(work)
        parts = await found(work)
        await changes.put_listeners_right(work, parts)
        if parts.code == _PROVISIONING:
            return begun(answer, "AWS is making the load balancer", LOOK_AFTER_S)
        return done(answer)

    async def stop(self, work: Work[LoadBalancerOptions], standing: Standing) -> StepDone | StepBegun:
        """Delete the load balancer with its listeners; the target group keeps its targets."""
        parts = _parts(standing)
        return await changes.delete_balancer(work, parts) if parts.balancer else done(None)

    async def remove(self, work: Work[LoadBalancerOptions], standing: Standing) -> StepDone | StepBegun:
        """Delete what stands, the load balancer first: AWS deletes no target group that one still uses."""
        parts = _parts(standing)
        answer: StepDone | StepBegun = done(None)
        if parts.balancer:
            answer = await changes.delete_balancer(work, parts)
            if isinstance(answer, StepBegun):
                return answer
        if not parts.group:
            return answer
        arn = parts.group["TargetGroupArn"]
        deleted = await work.aws.call_unless(("ResourceInUse",), SERVICE, "delete_target_group", TargetGroupArn=arn)
        if deleted is None:
            users = ", ".join(parts.group.get("LoadBalancerArns", [])) or "a load balancer deleted just now"
            advice = "AWS lets go of a deleted one within minutes, any other must let go of it first"
            raise Transient(f"the target group {arn} is in use by {users}: {advice}", RETRY_IN_USE_S)
        return done(deleted)

    async def retag(self, work: Work[LoadBalancerOptions], standing: Standing) -> None:
        """On both parts."""
        await changes.tag(work, _parts(standing))

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Both parts are listed: either may be left alone."""
        del plan
        return await listed(aws)

    def _refuse_fixed(self, work: Work[LoadBalancerOptions], parts: Parts) -> None:
        if fixed := wishes.fixed(work.options, parts):
            raise Permanent(f"{work.name} cannot be changed: {'; '.join(fixed)}")


def _parts(standing: Standing) -> Parts:
    parts: Parts = standing.raw.get("parts", Parts())
    return parts


def _state(options: LoadBalancerOptions, parts: Parts) -> ResourceState:
    if not parts.balancer:
        return ResourceState.WARM
    if parts.code == _PROVISIONING:
        return ResourceState.CHANGING
    serving = wishes.listeners(options, parts.group.get("TargetGroupArn", ""))[0]
    made = parts.code != _FAILED and parts.group and wishes.on_port(parts, serving) is not None
    return ResourceState.HOT if made else ResourceState.BROKEN


def _detail(parts: Parts) -> str:
    """The address to lead traffic to; AWS's own words where it is not simply there."""
    if not parts.balancer:
        return f"target group {parts.arns[0]}"
    address = str(parts.balancer.get("DNSName", ""))
    reason = parts.balancer.get("State", {}).get("Reason", "")
    return address if parts.code == "active" else f"{address} is {parts.code}{f': {reason}' if reason else ''}"

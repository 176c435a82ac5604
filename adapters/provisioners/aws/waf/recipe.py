"""A web ACL of AWS WAF: warm it protects nothing, hot it protects what its options name.

A distribution of CloudFront names its web ACL itself: with that scope, hot is only the tag `solvent:state`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.answered import done
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from adapters.provisioners.aws.waf.acls import NOT_FOUND, named, protector_of, summaries, tags_on
from adapters.provisioners.aws.waf.protecting import unprotected, wished_arns
from adapters.provisioners.aws.waf.rules import differences, updated, wished
from config.provisioner_options.aws import REGION_OF_GLOBAL_SERVICES
from config.provisioner_options.aws_waf import CLOUDFRONT, REGIONAL, WafOptions, waf_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.provisioner import StepDone

_TAKEN: Final = ("WAFDuplicateItemException", "WafV2DuplicateItem")
_RACED: Final = ("WAFOptimisticLockException",)
_NOT_READY: Final = ("WAFUnavailableEntityException",)
_ASSOCIATED: Final = ("WAFAssociatedItemException",)
_RACES_MAX: Final = 3
RETRY_NOT_READY_S: Final = 60.0
RETRY_ASSOCIATED_S: Final = 300.0


class WafRecipe:
    """What solvent does with a web ACL."""

    kind = "aws_waf"
    service = "wafv2"
    name_characters_max = 128

    def options(self, plain: Mapping[str, Any]) -> WafOptions:
        """Raises `msgspec.ValidationError`."""
        return waf_options(plain)

    def options_of_orphan(self, region: str) -> WafOptions:
        """Its scope stands in its ARN; what it protects, AWS itself holds against removing it."""
        return WafOptions(region)

    async def look(self, work: Work[WafOptions]) -> Standing:
        """The ACL, its tags, and which of the named resources it protects."""
        called = await named(work)
        answer = None if called is None else await work.aws.call_unless(NOT_FOUND, "wafv2", "get_web_acl", **called)
        if answer is None:
            return ABSENT
        acl = answer["WebACL"]
        on_it = await tags_on(work.aws, acl["ARN"])
        if on_it is None:
            return ABSENT
        left_open = await unprotected(work, acl["ARN"])
        state = self._state(work, on_it, left_open)
        wrong = differences(work.options, acl)
        if state is ResourceState.HOT:
            wrong += tuple(f"it does not protect {name}" for name in left_open)
        seen = Observation(state, (on_it.get(tags.TOKEN, ""),), detail=acl["ARN"], differences=wrong)
        return Standing(seen, acl["ARN"], {**answer, "named": called})

    async def make(self, work: Work[WafOptions], standing: Standing) -> StepDone | None:
        """Create it with rules and tags in one call; it protects nothing yet."""
        if standing.observation.state is not ResourceState.ABSENT:
            return done(await self._put_right(work, standing))
        if work.resource.name.startswith("arn:"):
            raise Permanent(
                f"the adopted web ACL {work.resource.name} is gone, and AWS gives no ARN twice: adopt again"
            )
        answer = await work.aws.call_unless(
            _TAKEN,
            "wafv2",
            "create_web_acl",
            Name=work.name,
            Scope=work.options.scope,
            Tags=tags.listed(work.tags(state="warm")),
            **wished(work.options, work.name),
        )
        return None if answer is None else done(answer)

    async def start(self, work: Work[WafOptions], standing: Standing) -> StepDone:
        """Put its rules right, then let it protect what is named; protected by another ACL, nothing is taken over."""
        arns = await wished_arns(work)
        if missing := [name for name, arn in arns.items() if not arn]:
            raise Transient(f"{missing[0]} is not there, so it cannot be protected yet", RETRY_NOT_READY_S)
        protectors = {arn: await protector_of(work.aws, arn) for arn in arns.values()}
        for arn, protector in protectors.items():
            if protector not in ("", standing.arn):
                raise Permanent(f"{arn} is protected by {protector}: disassociate it there first, or leave it out here")
        answer = await self._put_right(work, standing)
        for arn in (each for each, protector in protectors.items() if protector == ""):
            answer = await work.aws.call_unless(
                _NOT_READY, "wafv2", "associate_web_acl", WebACLArn=standing.arn, ResourceArn=arn
            )
            if answer is None:
                raise Transient(f"{arn} is not ready to be protected: AWS is still making it", RETRY_NOT_READY_S)
        if work.options.scope == CLOUDFRONT:
            answer = await self._tag(work, standing, state="hot")
        return done(answer)

    async def stop(self, work: Work[WafOptions], standing: Standing) -> StepDone:
        """Let go of what is named."""
        answer: Answer | None = None
        for arn in (await wished_arns(work)).values():
            if arn and await protector_of(work.aws, arn) == standing.arn:
                answer = await work.aws.call_unless(NOT_FOUND, "wafv2", "disassociate_web_acl", ResourceArn=arn)
        if work.options.scope == CLOUDFRONT:
            answer = await self._tag(work, standing, state="warm")
        return done(answer)

    async def remove(self, work: Work[WafOptions], standing: Standing) -> StepDone:
        """Delete it; what it still protects is not left open by that."""
        for _ in range(_RACES_MAX):
            if standing is ABSENT:
                return StepDone("found done")
            answer = await work.aws.call_unless(
                (*_RACED, *_ASSOCIATED, *NOT_FOUND),
                "wafv2",
                "delete_web_acl",
                **standing.raw["named"],
                LockToken=standing.raw["LockToken"],
            )
            if answer is not None:
                return done(answer)
            before, standing = standing, await self.look(work)
            if standing.raw.get("LockToken") == before.raw["LockToken"]:
                raise _still_associated(before)
        raise Ambiguous(f"{work.name} was changed by others {_RACES_MAX} times meanwhile: look again")

    async def retag(self, work: Work[WafOptions], standing: Standing) -> None:
        """The state's tag follows with the step itself."""
        await self._tag(work, standing)

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Every ACL's tags are asked for: WAF's own list is complete at once, AWS's list of tags is not."""
        del plan
        found = []
        for scope in (REGIONAL, CLOUDFRONT) if aws.region == REGION_OF_GLOBAL_SERVICES else (REGIONAL,):
            for summary in await summaries(aws, scope):
                on_it = await tags_on(aws, summary["ARN"])
                if on_it is not None:
                    found.append(Tagged(summary["ARN"], on_it))
        return found

    def _state(self, work: Work[WafOptions], on_it: Mapping[str, str], left_open: Sequence[str]) -> ResourceState:
        """What carries no state is somebody else's, and in use."""
        if work.options.scope == CLOUDFRONT:
            return ResourceState.WARM if on_it.get(tags.STATE) == "warm" else ResourceState.HOT
        return ResourceState.WARM if len(left_open) == len(work.options.resources) else ResourceState.HOT

    async def _put_right(self, work: Work[WafOptions], standing: Standing) -> Answer | None:
        for _ in range(_RACES_MAX):
            acl, lock = standing.raw["WebACL"], standing.raw["LockToken"]
            if not differences(work.options, acl):
                return None
            answer = await work.aws.call_unless(
                _RACED,
                "wafv2",
                "update_web_acl",
                **standing.raw["named"],
                LockToken=lock,
                **updated(work.options, acl["Name"], acl),
            )
            if answer is not None:
                return answer
            standing = await self.look(work)
            if standing is ABSENT:
                break
        raise Ambiguous(f"{work.name} was changed by others meanwhile: look again")

    async def _tag(self, work: Work[WafOptions], standing: Standing, **more: str) -> Answer:
        on_it = tags.listed(work.tags(**more))
        return await work.aws.call("wafv2", "tag_resource", ResourceARN=standing.arn, Tags=on_it)


def _still_associated(standing: Standing) -> Permanent | Transient:
    """Nothing that the options name uses it: either AWS still forgets, or something else does use it."""
    said = f"{standing.arn} still protects something, so AWS does not delete it"
    if standing.raw["named"]["Scope"] == CLOUDFRONT:
        return Permanent(f"{said}: take it out of the distributions that name it")
    return Transient(
        f"{said}: disassociate what the options do not name, else wait until AWS has let go", RETRY_ASSOCIATED_S
    )

"""A private bucket behind CloudFront: warm while the distribution is disabled, hot while it is enabled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.answered import begun
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.cloudfront import access_control, bucket, distribution
from adapters.provisioners.aws.cloudfront.bucket import Bucket
from adapters.provisioners.aws.cloudfront.distribution import Distribution, differences_of, wished
from adapters.provisioners.aws.cloudfront.listing import all_tagged
from adapters.provisioners.aws.cloudfront.seeing import (
    LOOK_AFTER_S,
    bucket_name,
    bucket_place,
    distributions_of,
    gaps_of,
    seen_of,
)
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_cloudfront import CloudFrontOptions, cloudfront_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import StepBegun, StepDone

_BUCKET: Final = "bucket"
_DISTRIBUTION: Final = "distribution"
_DEPLOYING: Final = "the distribution is being deployed"
_CHANGED_AT_ONCE: Final = "somebody else changed it at the same moment"


class CloudFrontRecipe:
    """What solvent does with a bucket and its distribution."""

    kind = "aws_cloudfront"
    service = "s3"
    name_characters_max = 63

    def options(self, plain: Mapping[str, Any]) -> CloudFrontOptions:
        """Raises `msgspec.ValidationError`."""
        return cloudfront_options(plain)

    def options_of_orphan(self, region: str) -> CloudFrontOptions:
        """Objects are never removed with an orphan. The region is that of the bucket, once its tags are read."""
        return CloudFrontOptions(region)

    async def look(self, work: Work[CloudFrontOptions]) -> Standing:
        """The distribution, its tags, and the bucket where solvent made it."""
        distributions = await distributions_of(work)
        found = distributions[0] if distributions else None
        name = found.bucket if found else bucket_name(work)
        its_bucket = await bucket.found(await bucket_place(work, found), name) if name else None
        if found is None and (its_bucket is None or tags.TOKEN not in its_bucket.tags):
            return ABSENT
        raw = {_DISTRIBUTION: found, _BUCKET: its_bucket}
        if found is None:
            assert its_bucket is not None
            detail = f"the bucket {name} stands without its distribution"
            seen = Observation(ResourceState.BROKEN, (its_bucket.tags[tags.TOKEN],), detail=detail)
            return Standing(seen, f"arn:aws:s3:::{name}", raw)
        tokens = tuple(each.tags.get(tags.TOKEN, "") for each in distributions)
        return Standing(seen_of(work, found, its_bucket, tokens), found.arn, raw)

    async def make(self, work: Work[CloudFrontOptions], standing: Standing) -> StepDone | StepBegun | None:
        """The bucket, tagged and closed; the distribution, with its tags and off; the policy that lets it read."""
        found: Distribution | None = standing.raw.get(_DISTRIBUTION)
        place = await bucket_place(work, found)
        name = found.bucket if found else bucket_name(work)
        if not name:
            raise Permanent(
                f"the distribution {work.resource.name} is gone, and under its name none can be made: "
                "let resume-actor give the name up, or adopt another"
            )
        its_bucket = standing.raw.get(_BUCKET)
        if its_bucket is None:
            its_bucket = await _new_bucket(work, place, name)
            if its_bucket is None:
                return None
        answer: Answer | None = {"Distribution": {"ARN": found.arn}} if found else await _new_distribution(work, name)
        if answer is None:
            return None
        arn = answer["Distribution"]["ARN"]
        if not its_bucket.private:
            await bucket.closed(place, name)
        if not bucket.is_open_to(its_bucket, arn):
            await bucket.opened_to(place, its_bucket, arn)
        return begun(answer, _DEPLOYING, LOOK_AFTER_S)

    async def start(self, work: Work[CloudFrontOptions], standing: Standing) -> StepDone | StepBegun:
        """Enable it, with all that differs put right in the same call."""
        found: Distribution | None = standing.raw.get(_DISTRIBUTION)
        if found is None or (found.bucket and gaps_of(found, standing.raw.get(_BUCKET))):
            made = await self.make(work, standing)
            if found is None or made is None:
                return made or StepBegun("", _CHANGED_AT_ONCE)
        wish = {**wished(work.options, whole=bool(found.bucket)), "Enabled": True}
        if found.enabled and not differences_of(found.config, wish):
            return StepDone()
        return await _switched(work, found, {**found.config, **wish})

    async def stop(self, work: Work[CloudFrontOptions], standing: Standing) -> StepDone | StepBegun:
        """Disable it; the bucket and what it holds stay."""
        found: Distribution | None = standing.raw.get(_DISTRIBUTION)
        if found is None:
            return await self.make(work, standing) or StepBegun("", _CHANGED_AT_ONCE)
        if not found.enabled:
            return StepDone()
        return await _switched(work, found, {**found.config, "Enabled": False})

    async def remove(self, work: Work[CloudFrontOptions], standing: Standing) -> StepDone | StepBegun:
        """The distribution, its access control, the bucket. Objects go only where the options say so."""
        found: Distribution | None = standing.raw.get(_DISTRIBUTION)
        its_bucket: Bucket | None = standing.raw.get(_BUCKET)
        place = await bucket_place(work, found)
        may_empty = work.options.force_delete and not work.resource.stateful
        if its_bucket is not None and not await bucket.is_empty(place, its_bucket.name):
            if tags.TOKEN not in its_bucket.tags:
                raise Permanent(bucket.not_ours(its_bucket.name))
            if not may_empty:
                raise Permanent(bucket.still_holds(its_bucket.name))
        if found is not None and found.enabled:
            return await _switched(work, found, {**found.config, "Enabled": False})
        if found is not None:
            refused = (*distribution.GONE, *distribution.RIVALLED, "DistributionNotDisabled")
            answer = await work.aws.call_unless(
                refused, "cloudfront", "delete_distribution", Id=found.id, IfMatch=found.etag
            )
            if answer is None and await distribution.by_id(work.aws, found.id) is not None:
                return StepBegun("", _CHANGED_AT_ONCE)
        if its_bucket is None:
            return StepDone()
        await access_control.removed(work.aws, its_bucket.name)
        if may_empty and not await bucket.emptied(place, its_bucket.name):
            return StepBegun("", f"objects are being removed from the bucket {its_bucket.name}")
        await bucket.removed(place, its_bucket.name)
        return StepDone()

    async def retag(self, work: Work[CloudFrontOptions], standing: Standing) -> None:
        """The bucket first: whoever finds the token on the distribution finds it on the bucket as well."""
        found: Distribution | None = standing.raw.get(_DISTRIBUTION)
        its_bucket: Bucket | None = standing.raw.get(_BUCKET)
        if its_bucket is not None:
            own = {**its_bucket.tags, **work.tags()}
            await bucket.tagged(await bucket_place(work, found), its_bucket.name, own)
        if found is not None:
            items = tags.listed(work.tags(region=work.options.region))
            await work.aws.call("cloudfront", "tag_resource", Resource=found.arn, Tags={"Items": items})

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Distributions whose bucket is in this region, and buckets that stand without one."""
        return await all_tagged(aws, plan)


async def _new_bucket(work: Work[CloudFrontOptions], place: Place, name: str) -> Bucket | None:
    """None where somebody else made it since the look, so that another look decides."""
    standing = await bucket.found(place, name)
    if standing is not None or not await bucket.made(place, name):
        standing = standing or await bucket.found(place, name)
        if standing is None or tags.TOKEN in standing.tags:
            return None
        # One that is there and unused is what a process leaves that died between making its bucket and tagging it.
        await bucket.refuse_used(place, standing)
    await bucket.tagged(place, name, work.tags())
    await bucket.closed(place, name)
    return Bucket(name, work.tags(), "", private=True)


async def _new_distribution(work: Work[CloudFrontOptions], name: str) -> Answer | None:
    """None where there is one already."""
    if work.order is None:
        raise Permanent(f"{name}: without an order nothing is made")
    control = await access_control.made(work.aws, name)
    config = distribution.new_config(work.options, name, work.order.generation, control)
    return await work.aws.call_unless(
        ("DistributionAlreadyExists",),
        "cloudfront",
        "create_distribution_with_tags",
        DistributionConfigWithTags={
            "DistributionConfig": config,
            "Tags": {"Items": tags.listed(work.tags(region=work.options.region))},
        },
    )


async def _switched(work: Work[CloudFrontOptions], found: Distribution, config: Mapping[str, Any]) -> StepBegun:
    answer = await distribution.updated(work.aws, found, config)
    return StepBegun("", _CHANGED_AT_ONCE) if answer is None else begun(answer, _DEPLOYING, LOOK_AFTER_S)

"""What carries a plan's tag: distributions, and buckets that stand without one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.cloudfront import bucket, distribution
from adapters.provisioners.aws.cloudfront.seeing import REGION
from adapters.provisioners.aws.names import PREFIX
from adapters.provisioners.aws.recipe import Tagged

_ARN: Final = "arn:aws:s3:::"
_UNTAGGED: Final = ("NoSuchBucket", "NoSuchTagSet")


async def all_tagged(aws: Place, plan: str) -> Sequence[Tagged]:
    """Distributions whose bucket is in this region, and buckets of this region that none of them serves."""
    found: list[Tagged] = []
    served: set[str] = set()
    listed = await aws.pages("cloudfront", "list_distributions")
    for each in listed.get("DistributionList", {}).get("Items") or []:
        on_it = await distribution.tags_on(aws, each["ARN"])
        if on_it is not None and on_it.get(tags.PLAN) == plan and on_it.get(REGION, aws.region) == aws.region:
            found.append(Tagged(each["ARN"], on_it))
            served.update(origin["Id"] for origin in each["Origins"]["Items"])
    return [*found, *await _buckets(aws, plan, served)]


async def _buckets(aws: Place, plan: str, served: Collection[str]) -> list[Tagged]:
    """S3's own list is complete at once but says no tags, so only the names that solvent gives are asked for theirs.

    Those of other names come from AWS's list of tags, which follows a little later.
    """
    own = await aws.pages("s3", "list_buckets", Prefix=f"{PREFIX}-", BucketRegion=aws.region)
    names = {str(each["Name"]) for each in own.get("Buckets", [])}.difference(served)
    for name in (await _named_otherwise(aws, plan)).difference(served):
        if await bucket.region_of(aws, name) == aws.region:
            names.add(name)
    found = []
    for name in sorted(names):
        answer = await aws.call_unless(_UNTAGGED, "s3", "get_bucket_tagging", Bucket=name)
        found.append(Tagged(f"{_ARN}{name}", tags.mapped((answer or {}).get("TagSet", []))))
    return found


async def _named_otherwise(aws: Place, plan: str) -> set[str]:
    """The buckets with the plan's tag whose names the option `bucket` gave."""
    answer = await aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        ResourceTypeFilters=["s3"],
        TagFilters=[{"Key": tags.PLAN, "Values": [plan]}],
    )
    arns = [str(each["ResourceARN"]) for each in answer.get("ResourceTagMappingList", [])]
    names = {arn.removeprefix(_ARN) for arn in arns if arn.startswith(_ARN)}
    return {name for name in names if not name.startswith(f"{PREFIX}-")}

"""What a look at a bucket and its distribution comes to, and where each of the two is looked for."""

from __future__ import annotations

import re
from typing import Final

from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.cloudfront import bucket, distribution
from adapters.provisioners.aws.cloudfront.bucket import Bucket
from adapters.provisioners.aws.cloudfront.distribution import Distribution, differences_of, wished
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_cloudfront import CloudFrontOptions
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent

REGION: Final = "solvent:region"
LOOK_AFTER_S: Final = 60.0
_DEPLOYED: Final = "Deployed"
_ID: Final = re.compile(r"[A-Z0-9]{10,32}")


def seen_of(
    work: Work[CloudFrontOptions], found: Distribution, its_bucket: Bucket | None, tokens: tuple[str, ...]
) -> Observation:
    """The words of the port. An edge that is not reached yet may serve still, or not yet."""
    gaps = gaps_of(found, its_bucket) if found.bucket else ()
    detail = "; ".join((found.domain, *gaps))
    if found.status != _DEPLOYED:
        detail = f"the distribution {found.id} is {found.status or 'changing'}"
        return Observation(ResourceState.CHANGING, tokens, detail=detail, look_after_s=LOOK_AFTER_S)
    if not found.enabled:
        return Observation(ResourceState.BROKEN if gaps else ResourceState.WARM, tokens, detail=detail)
    wish = wished(work.options, whole=bool(found.bucket))
    differences = (*gaps, *differences_of(found.config, wish))
    return Observation(ResourceState.HOT, tokens, detail=found.domain, differences=differences)


def gaps_of(found: Distribution, its_bucket: Bucket | None) -> tuple[str, ...]:
    """What the bucket lacks, a sentence each."""
    if its_bucket is None:
        return (f"the bucket {found.bucket} is not there",)
    gaps = () if its_bucket.private else (f"the bucket {its_bucket.name} does not refuse public access",)
    if bucket.is_open_to(its_bucket, found.arn):
        return gaps
    return (*gaps, f"the policy of the bucket {its_bucket.name} does not let the distribution read")


async def distributions_of(work: Work[CloudFrontOptions]) -> list[Distribution]:
    """The adopted one by its id, else those made for the bucket."""
    name = work.resource.name
    if not name or name.startswith("arn:aws:s3:"):
        return await distribution.of_bucket(work.aws, bucket_name(work))
    if not _ID.fullmatch(work.name) or (name.startswith("arn:") and arn_of(name).type != "distribution"):
        raise Permanent(
            f"{name} is no distribution: adopt one by its ARN, "
            "such as arn:aws:cloudfront::123456789012:distribution/E1ABCDEFGHIJKL"
        )
    found = await distribution.by_id(work.aws, work.name)
    return [found] if found else []


def bucket_name(work: Work[CloudFrontOptions]) -> str:
    """Nothing of an adopted distribution: its bucket is not solvent's."""
    name = work.resource.name
    if not name:
        return work.options.bucket or work.name
    return work.name if name.startswith("arn:aws:s3:") else ""


async def bucket_place(work: Work[CloudFrontOptions], found: Distribution | None) -> Place:
    """The bucket's region: of an orphan only its tags know, or S3."""
    if found is not None and found.tags.get(REGION):
        return work.aws.elsewhere(found.tags[REGION])
    if work.resource.name.startswith("arn:aws:s3:"):
        return work.aws.elsewhere(await bucket.region_of(work.aws, work.name))
    return work.aws

"""The private bucket of S3 that a distribution serves, and nobody else reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.tags import TOKEN, listed, mapped
from config.provisioner_options.aws import REGION_OF_GLOBAL_SERVICES
from machines.ports.faults import Permanent

OBJECTS_PER_CALL: Final = 1000
CALLS_PER_STEP_MAX: Final = 20
_STATEMENT: Final = "solvent"
_CHOOSE: Final = "choose another name with the option bucket: names of buckets are the whole world's"
_GONE: Final = ("NoSuchBucket",)
_UNTAGGED: Final = "NoSuchTagSet"
_BLOCKED: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Bucket(msgspec.Struct, frozen=True):
    """A bucket of this account."""

    name: str
    tags: Mapping[str, str]
    policy: str
    """JSON; "" where none stands."""
    private: bool


async def found(aws: Place, name: str) -> Bucket | None:
    """The bucket; None where nobody has one of this name. Raises `Permanent` where it is somebody else's."""
    try:
        answer = await aws.call_or_code((*_GONE, _UNTAGGED), "s3", "get_bucket_tagging", Bucket=name)
    except Permanent as refused:
        raise Permanent(f"{refused.reason}; where the bucket {name} is not yours, {_CHOOSE}") from refused
    if isinstance(answer, str) and answer != _UNTAGGED:
        return None
    on_it = {} if isinstance(answer, str) else mapped(answer.get("TagSet", []))
    policy = await aws.call_unless((*_GONE, "NoSuchBucketPolicy"), "s3", "get_bucket_policy", Bucket=name)
    blocking = await aws.call_unless(
        (*_GONE, "NoSuchPublicAccessBlockConfiguration"), "s3", "get_public_access_block", Bucket=name
    )
    blocked = (blocking or {}).get("PublicAccessBlockConfiguration", {})
    private = all(blocked.get(each, False) for each in _BLOCKED)
    return Bucket(name, on_it, (policy or {}).get("Policy", ""), private)


async def made(aws: Place, name: str) -> bool:
    """Create it; whether it is certainly new. us-east-1 answers as if it had made one that this account has already.

    Raises `Permanent` where somebody else has it.
    """
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    where = {} if aws.region == REGION_OF_GLOBAL_SERVICES else elsewhere
    try:
        answer = await aws.call_unless(("BucketAlreadyOwnedByYou",), "s3", "create_bucket", Bucket=name, **where)
    except Permanent as refused:
        raise Permanent(f"{refused.reason}; where the bucket {name} is not yours, {_CHOOSE}") from refused
    return answer is not None and aws.region != REGION_OF_GLOBAL_SERVICES


async def tagged(aws: Place, name: str, tags: Mapping[str, str]) -> None:
    """Put these tags on it, and no others."""
    await aws.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": listed(tags)})


async def closed(aws: Place, name: str) -> None:
    """Let nothing in it be public, whatever its policy says."""
    blocked = dict.fromkeys(_BLOCKED, True)
    await aws.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=blocked)


async def opened_to(aws: Place, bucket: Bucket, distribution_arn: str) -> None:
    """Let this distribution read it; statements of others in its policy stay."""
    others = [each for each in _statements(bucket.policy) if each.get("Sid") != _STATEMENT]
    policy = {"Version": "2012-10-17", "Statement": [*others, _reading(bucket.name, distribution_arn)]}
    text = msgspec.json.encode(policy).decode()
    await aws.call("s3", "put_bucket_policy", Bucket=bucket.name, Policy=text)


def is_open_to(bucket: Bucket, distribution_arn: str) -> bool:
    """Whether its policy lets this distribution read."""
    return _reading(bucket.name, distribution_arn) in _statements(bucket.policy)


async def is_empty(aws: Place, name: str) -> bool:
    """Whether it holds nothing, no older versions either."""
    answer = await aws.call_unless(_GONE, "s3", "list_object_versions", Bucket=name, MaxKeys=1)
    return answer is None or not _versions(answer)


async def refuse_used(aws: Place, bucket: Bucket) -> None:
    """Raises `Permanent` unless it is as S3 makes one: without tags, policy or objects."""
    uses = (
        (bool(bucket.tags), "tags"),
        (bool(bucket.policy), "a policy"),
        (not await is_empty(aws, bucket.name), "objects"),
    )
    if found := [use for is_there, use in uses if is_there]:
        raise Permanent(
            f"the bucket {bucket.name} is there already and has {', '.join(found)} that solvent knows nothing of: "
            "choose another name with the option bucket, or adopt a distribution that serves this one"
        )


async def emptied(aws: Place, name: str) -> bool:
    """Remove its objects; False where some are left for the next step."""
    for _ in range(CALLS_PER_STEP_MAX):
        answer = await aws.call_unless(_GONE, "s3", "list_object_versions", Bucket=name, MaxKeys=OBJECTS_PER_CALL)
        versions = _versions(answer or {})
        if not versions:
            return True
        removed = await aws.call("s3", "delete_objects", Bucket=name, Delete={"Objects": versions, "Quiet": True})
        if errors := removed.get("Errors"):
            raise Permanent(
                f"{errors[0].get('Key')} in the bucket {name} cannot be removed: {errors[0].get('Code')}: "
                f"{errors[0].get('Message')}; end what locks it, or remove it by hand"
            )
    return False


async def removed(aws: Place, name: str) -> None:
    """Delete it; it is empty. Raises `Permanent` where it is not."""
    answer = await aws.call_unless((*_GONE, "BucketNotEmpty"), "s3", "delete_bucket", Bucket=name)
    if answer is None and not await is_empty(aws, name):
        raise Permanent(still_holds(name))


async def region_of(aws: Place, name: str) -> str:
    """Where it lives; where it is gone, where the question was asked."""
    answer = await aws.call_unless(_GONE, "s3", "get_bucket_location", Bucket=name)
    return aws.region if answer is None else answer.get("LocationConstraint") or REGION_OF_GLOBAL_SERVICES


def not_ours(name: str) -> str:
    """The sentence for a bucket with objects that lost its tags, or was made anew by somebody else."""
    return (
        f"the bucket {name} holds objects and does not carry solvent's tags, so nothing of it is removed: remove the "
        f"objects by hand, or put the tag {TOKEN} back"
    )


def still_holds(name: str) -> str:
    """The sentence for a bucket that is kept."""
    return (
        f"the bucket {name} still holds objects: remove them, or set the option force_delete of a component that is "
        "not stateful"
    )


def _reading(name: str, distribution_arn: str) -> dict[str, Any]:
    return {
        "Sid": _STATEMENT,
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
    }


def _statements(policy: str) -> list[dict[str, Any]]:
    try:
        document = msgspec.json.decode(policy, type=dict[str, Any]) if policy else {}
    except msgspec.MsgspecError:
        return []
    found = document.get("Statement", [])
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _versions(answer: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"Key": each["Key"], "VersionId": each["VersionId"]}
        for each in (*answer.get("Versions", []), *answer.get("DeleteMarkers", []))
    ]

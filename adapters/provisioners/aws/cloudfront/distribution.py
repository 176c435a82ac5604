"""A distribution of CloudFront: found by its bucket, written against what the options wish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.tags import mapped
from config.provisioner_options.aws_cloudfront import CloudFrontOptions

GONE: Final = ("NoSuchDistribution",)
RIVALLED: Final = ("PreconditionFailed", "InvalidIfMatchVersion")
"""Somebody else changed it since the look."""
_CACHING_OPTIMIZED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""The id that AWS gives its own cache policy of this name in every account."""
_NO_TAGS: Final = ("NoSuchResource", *GONE)


class Distribution(msgspec.Struct, frozen=True):
    """One as it stands."""

    id: str
    arn: str
    status: str
    domain: str
    config: Mapping[str, Any]
    etag: str
    tags: Mapping[str, str]

    @property
    def enabled(self) -> bool:
        """Whether it serves, or will once it is deployed."""
        return bool(self.config.get("Enabled", False))

    @property
    def bucket(self) -> str:
        """The bucket it was made for by this kind; "" of one that was made otherwise."""
        for origin in _origins(self.config):
            if re.fullmatch(re.escape(origin) + r"/\d+", self.config.get("CallerReference", "")):
                return origin
        return ""


def caller_reference(bucket: str, generation: int) -> str:
    """The same for everybody who makes it, so that CloudFront makes one.

    A new generation has another, because CloudFront does not say whether one may be used again after a deletion.
    """
    return f"{bucket}/{generation}"


async def of_bucket(aws: Place, bucket: str) -> list[Distribution]:
    """All that this kind made for one bucket. The list does not tell who made them, so each is asked for."""
    answer = await aws.pages("cloudfront", "list_distributions")
    found = []
    for each in answer.get("DistributionList", {}).get("Items") or []:
        if bucket in _origins(each):
            one = await by_id(aws, each["Id"])
            if one is not None and one.bucket == bucket:
                found.append(one)
    return found


async def by_id(aws: Place, distribution_id: str) -> Distribution | None:
    """One with its tags; None where it is gone."""
    answer = await aws.call_unless(GONE, "cloudfront", "get_distribution", Id=distribution_id)
    if answer is None:
        return None
    standing = answer["Distribution"]
    on_it = await tags_on(aws, standing["ARN"])
    return (
        None
        if on_it is None
        else Distribution(
            standing["Id"],
            standing["ARN"],
            standing.get("Status", ""),
            standing.get("DomainName", ""),
            standing["DistributionConfig"],
            answer["ETag"],
            on_it,
        )
    )


async def tags_on(aws: Place, arn: str) -> dict[str, str] | None:
    """None where it is gone."""
    answer = await aws.call_unless(_NO_TAGS, "cloudfront", "list_tags_for_resource", Resource=arn)
    return None if answer is None else mapped(answer.get("Tags", {}).get("Items") or [])


async def updated(aws: Place, standing: Distribution, config: Mapping[str, Any]) -> Answer | None:
    """Write a whole configuration; None where somebody else changed it since the look, or it is gone."""
    return await aws.call_unless(
        (*RIVALLED, *GONE),
        "cloudfront",
        "update_distribution",
        Id=standing.id,
        IfMatch=standing.etag,
        DistributionConfig=dict(config),
    )


def new_config(options: CloudFrontOptions, bucket: str, generation: int, access_control: str) -> dict[str, Any]:
    """The configuration of one that is made, switched off."""
    origin = {
        "Id": bucket,
        "DomainName": f"{bucket}.s3.{options.region}.amazonaws.com",
        "OriginAccessControlId": access_control,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    return {
        "CallerReference": caller_reference(bucket, generation),
        "Comment": f"{bucket}, managed by solvent",
        "Enabled": False,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": bucket,
            "ViewerProtocolPolicy": "redirect-to-https",
            "Compress": True,
            "CachePolicyId": _CACHING_OPTIMIZED,
        },
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        **wished(options, whole=True),
    }


def wished(options: CloudFrontOptions, *, whole: bool) -> dict[str, Any]:
    """What the options say about a configuration; not `whole`, only what they say other than their defaults.

    An adopted distribution has settings of its own: what its component does not name stays.
    """
    default = CloudFrontOptions(options.region)
    said = {
        "Aliases": (options.aliases != default.aliases, _listed(options.aliases)),
        "ViewerCertificate": (options.certificate_arn != default.certificate_arn, _certificate(options)),
        "PriceClass": (options.price_class != default.price_class, options.price_class),
        "DefaultRootObject": (options.default_root_object != default.default_root_object, options.default_root_object),
        "WebACLId": (options.web_acl_arn != default.web_acl_arn, options.web_acl_arn),
    }
    return {name: value for name, (explicit, value) in said.items() if whole or explicit}


def differences_of(config: Mapping[str, Any], wish: Mapping[str, Any]) -> tuple[str, ...]:
    """What stands otherwise, a sentence each."""
    return tuple(
        f"{name} is {_shown(config.get(name))}, the options wish {_shown(value)}"
        for name, value in wish.items()
        if not _same(name, config.get(name), value)
    )


def _same(name: str, found: Any, wish: Any) -> bool:
    if name == "Aliases":
        return set((found or {}).get("Items") or ()) == set(wish.get("Items", ()))
    if name == "ViewerCertificate":
        return bool((found or {}).get("ACMCertificateArn", "") == wish.get("ACMCertificateArn", ""))
    return bool((found or "") == wish)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(value.get("Items") or [value.get("ACMCertificateArn", "")]).strip() or "none"
    return str(value or "none")


def _listed(items: tuple[str, ...]) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)} if items else {"Quantity": 0}


def _certificate(options: CloudFrontOptions) -> dict[str, Any]:
    if not options.certificate_arn:
        return {"CloudFrontDefaultCertificate": True}
    return {
        "ACMCertificateArn": options.certificate_arn,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }


def _origins(config: Mapping[str, Any]) -> list[str]:
    return [str(each["Id"]) for each in config.get("Origins", {}).get("Items") or []]

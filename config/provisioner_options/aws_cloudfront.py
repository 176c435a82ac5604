"""Options of a bucket of Amazon S3 served by Amazon CloudFront."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

ALIASES_MAX: Final = 100
ROOT_OBJECT_DEFAULT: Final = "index.html"
PRICE_CLASS_DEFAULT: Final = "PriceClass_100"

_bucket: Final = values.matching(
    r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "a bucket's name: 3 to 63 characters of a-z, 0-9 and hyphens"
)
_alias: Final = values.matching(
    r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", "a host name such as www.example.com"
)
_certificate: Final = values.matching(
    r"arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[A-Za-z0-9-]+",
    "the ARN of a certificate of ACM in us-east-1, where CloudFront takes them from",
)
_web_acl: Final = values.matching(
    r"arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global/webacl/[\w-]+/[\w-]+",
    "the ARN of a web ACL of AWS WAF with the scope CLOUDFRONT (in us-east-1)",
)
_price_class: Final = values.matching("PriceClass_(100|200|All)", "PriceClass_100, PriceClass_200 or PriceClass_All")
_root_object: Final = values.matching(r"[A-Za-z0-9._~-][A-Za-z0-9._~/-]{0,254}|", "an object's key such as index.html")


class CloudFrontOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private bucket and the distribution that alone may read it."""

    region: str
    """Of the bucket; CloudFront itself is everywhere."""
    bucket: str = ""
    """The bucket's name, for where the one made of plan and component is somebody else's; "" takes that one."""
    aliases: tuple[str, ...] = ()
    certificate_arn: str = ""
    price_class: str = PRICE_CLASS_DEFAULT
    default_root_object: str = ROOT_OBJECT_DEFAULT
    web_acl_arn: str = ""
    force_delete: bool = False
    """Whether decommissioning also removes the objects; otherwise a bucket that holds any is refused."""
    tags: dict[str, str] = {}


def cloudfront_options(options: Mapping[str, Any]) -> CloudFrontOptions:
    """The options of a loaded plan's `aws_cloudfront` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), CloudFrontOptions)


def _read(fields: Fields, context: Context) -> CloudFrontOptions:
    del context
    options = CloudFrontOptions(
        region=region_read(fields),
        bucket=fields.optional("bucket", _bucket, ""),
        aliases=tuple(text for text, _ in fields.texts("aliases", _alias)),
        certificate_arn=fields.optional("certificate_arn", _certificate, ""),
        price_class=fields.optional("price_class", _price_class, PRICE_CLASS_DEFAULT),
        default_root_object=fields.optional("default_root_object", _root_object, ROOT_OBJECT_DEFAULT),
        web_acl_arn=fields.optional("web_acl_arn", _web_acl, ""),
        force_delete=fields.optional("force_delete", values.boolean, False),
        tags=tags_read(fields),
    )
    if options.aliases and not options.certificate_arn and not fields.has("certificate_arn"):
        fields.collector.report(
            fields.place_of("aliases"), "certificate_arn beside aliases: CloudFront asks for a certificate", "none"
        )
    if len(options.aliases) > ALIASES_MAX:
        expected = f"at most {ALIASES_MAX} aliases"
        fields.collector.report(fields.place_of("aliases"), expected, f"{len(options.aliases)} of them")
    return options


KIND: Final = OptionsKind(_read, provider_of, place=("region", "bucket"))

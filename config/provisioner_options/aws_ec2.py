"""Options of an instance of Amazon EC2, confidential where a plan wishes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import shown
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

SEV_SNP: Final = "sev-snp"
NONE: Final = "none"
SEV_SNP_REGIONS: Final = ("us-east-2", "eu-west-1")
"""Where AWS offers AMD SEV-SNP."""
SEV_SNP_FAMILIES: Final = ("m6a", "c6a", "r6a")
VOLUME_GB_MAX: Final = 16_384
SECURITY_GROUPS_MAX: Final = 16

_image: Final = values.matching(r"ami-[0-9a-f]{8,17}", "the id of an image, ami-0123456789abcdef0")
_type: Final = values.matching(r"[a-z][a-z0-9-]{1,20}\.[a-z0-9-]{1,20}", "an instance type such as m6a.large")
_subnet: Final = values.matching(r"subnet-[0-9a-f]{8,17}", "the id of a subnet, subnet-0123456789abcdef0")
_security_group: Final = values.matching(r"sg-[0-9a-f]{8,17}", "the id of a security group, sg-0123456789abcdef0")
_profile: Final = values.matching(r"[A-Za-z0-9+=,.@_-]{1,128}", "the name of an instance profile")
_confidential: Final = values.matching(f"{SEV_SNP}|{NONE}", f"{SEV_SNP} or {NONE}")


class Ec2Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instance, paid by the second while it runs."""

    region: str
    image: str = ""
    """An AMI, which belongs to one region; with `sev-snp` one that boots by UEFI."""
    instance_type: str = ""
    confidential: str = NONE
    subnet: str = ""
    """"" leaves the choice to the account's default VPC."""
    security_groups: tuple[str, ...] = ()
    key_name: str = ""
    instance_profile: str = ""
    volume_gb: int = 0
    """The root volume's size; 0 leaves the image's own."""
    encrypted: bool = True
    """Whether the root volume is encrypted; false leaves it to the account's default."""
    tags: dict[str, str] = {}


def ec2_options(options: Mapping[str, Any]) -> Ec2Options:
    """The options of a loaded plan's `aws_ec2` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), Ec2Options)


def _read(fields: Fields, context: Context) -> Ec2Options:
    del context
    options = Ec2Options(
        region=region_read(fields),
        image=fields.required("image", _image) or "",
        instance_type=fields.required("instance_type", _type) or "",
        confidential=fields.optional("confidential", _confidential, NONE),
        subnet=fields.optional("subnet", _subnet, ""),
        security_groups=tuple(group for group, _ in fields.texts("security_groups", _security_group)),
        key_name=fields.optional("key_name", values.line_text, ""),
        instance_profile=fields.optional("instance_profile", _profile, ""),
        volume_gb=fields.optional("volume_gb", values.integer(0, VOLUME_GB_MAX, "GB"), 0),
        encrypted=fields.optional("encrypted", values.boolean, True),
        tags=tags_read(fields),
    )
    if len(options.security_groups) > SECURITY_GROUPS_MAX:
        found = f"{len(options.security_groups)} of them"
        fields.collector.report(fields.place_of("security_groups"), f"at most {SECURITY_GROUPS_MAX} groups", found)
    if options.confidential == SEV_SNP:
        _check_confidential(fields, options)
    return options


def _check_confidential(fields: Fields, options: Ec2Options) -> None:
    if options.region and options.region not in SEV_SNP_REGIONS:
        expected = f"{' or '.join(SEV_SNP_REGIONS)}, where AWS offers {SEV_SNP}"
        fields.collector.report(fields.place_of("region"), expected, shown(options.region))
    if options.instance_type and options.instance_type.partition(".")[0] not in SEV_SNP_FAMILIES:
        expected = f"an instance type of {', '.join(SEV_SNP_FAMILIES)}, which have {SEV_SNP}"
        fields.collector.report(fields.place_of("instance_type"), expected, shown(options.instance_type))


KIND: Final = OptionsKind(_read, provider_of, place=("region",))

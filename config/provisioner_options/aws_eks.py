"""What the options of the two kinds at Amazon EKS have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from config import values
from config.reading import Fields

SUBNETS_MAX: Final = 16
SECURITY_GROUPS_MAX: Final = 5

role_arn: Final = values.matching(
    r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}",
    "the ARN of a role such as arn:aws:iam::123456789012:role/eks",
)
cluster_name: Final = values.matching(
    r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}|component/[a-z][a-z0-9_]{0,63}", "a cluster's name, or component/ID of this plan"
)
CLUSTER_NAME_CHARACTERS_MAX: Final = 100
_subnet: Final = values.matching(r"subnet-[0-9a-z]{1,40}", "a subnet's id such as subnet-0a1b2c3d")
_security_group: Final = values.matching(r"sg-[0-9a-z]{1,40}", "a security group's id such as sg-0a1b2c3d")


def subnets_read(fields: Fields, at_least: int) -> tuple[str, ...]:
    """The required list `subnets`; problems are reported."""
    return _listed(fields, "subnets", _subnet, at_least, SUBNETS_MAX)


def security_groups_read(fields: Fields) -> tuple[str, ...]:
    """The list `security_groups`; () leaves the one that EKS makes by itself."""
    return _listed(fields, "security_groups", _security_group, 0, SECURITY_GROUPS_MAX)


def _listed(fields: Fields, key: str, parse: Callable[[str], str], at_least: int, at_most: int) -> tuple[str, ...]:
    found = tuple(text for text, _ in fields.texts(key, parse, required=at_least > 0))
    if (at_least == 0 or fields.has(key)) and not at_least <= len(found) <= at_most:
        fields.collector.report(fields.place_of(key), f"{at_least} to {at_most} of them", str(len(found)))
    return found

"""Options of a web ACL of AWS WAF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import shown
from config.provisioner_options.aws import REGION_OF_GLOBAL_SERVICES, provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

REGIONAL: Final = "REGIONAL"
CLOUDFRONT: Final = "CLOUDFRONT"
LOAD_BALANCER: Final = "load-balancer/"
RESOURCES_MAX: Final = 20
MANAGED_RULES_MAX: Final = 20
RATE_MIN: Final = 10
RATE_MAX: Final = 2_000_000_000

_scope: Final = values.matching(f"{REGIONAL}|{CLOUDFRONT}", f"{REGIONAL} or {CLOUDFRONT}")
_action: Final = values.matching("allow|block", "allow or block")
_group: Final = values.matching(
    r"AWSManagedRules[A-Za-z0-9_-]{1,100}", "a rule group of AWS such as AWSManagedRulesCommonRuleSet"
)
_resource: Final = values.matching(
    r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]+:\d{0,12}:\S{1,400}|load-balancer/[A-Za-z0-9-]{1,32}|component/[a-z][a-z0-9_]{0,63}",
    "the ARN of what is protected, load-balancer/NAME, or component/ID of this plan",
)


class WafOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A web ACL, its rules, and what it protects while it is hot."""

    region: str
    scope: str = REGIONAL
    managed_rules: tuple[str, ...] = ()
    """AWS's own rule groups, asked in this order."""
    rate_limit_per_5min: int = 0
    """Above so many requests of one address in five minutes it is blocked; 0 is no limit."""
    default_action: str = "allow"
    resources: tuple[str, ...] = ()
    """ARNs, `load-balancer/NAME`, or `component/ID` of an `aws_load_balancer`; none for CLOUDFRONT, where the
    distribution itself names the ACL."""
    tags: dict[str, str] = {}


def waf_options(options: Mapping[str, Any]) -> WafOptions:
    """The options of a loaded plan's `aws_waf` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), WafOptions)


def _read(fields: Fields, context: Context) -> WafOptions:
    del context
    options = WafOptions(
        region=region_read(fields),
        scope=fields.optional("scope", _scope, REGIONAL),
        managed_rules=tuple(name for name, _ in fields.texts("managed_rules", _group)),
        rate_limit_per_5min=fields.optional("rate_limit_per_5min", values.integer(0, RATE_MAX, "requests"), 0),
        default_action=fields.optional("default_action", _action, "allow"),
        resources=tuple(arn for arn, _ in fields.texts("resources", _resource)),
        tags=tags_read(fields),
    )
    _check(fields, options)
    return options


def _check(fields: Fields, options: WafOptions) -> None:
    report = fields.collector.report
    if 0 < options.rate_limit_per_5min < RATE_MIN:
        expected = f"0 for no limit, or at least {RATE_MIN} requests"
        report(fields.place_of("rate_limit_per_5min"), expected, str(options.rate_limit_per_5min))
    if len(options.managed_rules) > MANAGED_RULES_MAX:
        expected = f"at most {MANAGED_RULES_MAX} rule groups"
        report(fields.place_of("managed_rules"), expected, f"{len(options.managed_rules)} of them")
    if len(options.resources) > RESOURCES_MAX:
        expected = f"at most {RESOURCES_MAX} resources"
        report(fields.place_of("resources"), expected, f"{len(options.resources)} of them")
    if options.scope == REGIONAL and not options.resources:
        report(fields.place_of("resources"), "at least one: hot is protecting them", "none")
    if options.scope == CLOUDFRONT and options.resources:
        expected = f"no resources with {CLOUDFRONT}: the distribution itself names its web ACL"
        report(fields.place_of("resources"), expected, f"{len(options.resources)} of them")
    if options.scope == CLOUDFRONT and options.region not in ("", REGION_OF_GLOBAL_SERVICES):
        expected = f"{REGION_OF_GLOBAL_SERVICES}, where AWS keeps what belongs to {CLOUDFRONT}"
        report(fields.place_of("region"), expected, shown(options.region))


KIND: Final = OptionsKind(_read, provider_of, place=("region", "scope"))

"""The rules that a web ACL's options wish, as AWS WAF writes them, and whether they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from config.provisioner_options.aws_waf import WafOptions

RATE_RULE: Final = "solvent-rate-limit"
RATE_WINDOW_S: Final = 300
"""AWS's own default."""
_WEAKENING: Final = ("ExcludedRules", "RuleActionOverrides", "ScopeDownStatement")
_SHIELDS_OWN: Final = "ShieldMitigationRuleGroup"
"""AWS Shield Advanced puts this rule in by itself, and needs it."""
_KEPT: Final = (
    "Description",
    "CustomResponseBodies",
    "CaptchaConfig",
    "ChallengeConfig",
    "TokenDomains",
    "AssociationConfig",
    "DataProtectionConfig",
    "OnSourceDDoSProtectionConfig",
    "VisibilityConfig",
)
"""What an update would reset where it is left out."""


def wished(options: WafOptions, name: str) -> dict[str, Any]:
    """The parameters of a call that makes or updates it."""
    return {
        "DefaultAction": {options.default_action.capitalize(): {}},
        "Rules": _rules(options),
        "VisibilityConfig": visibility(name),
    }


def updated(options: WafOptions, name: str, acl: Mapping[str, Any]) -> dict[str, Any]:
    """The same for one that stands: what the options say nothing about is kept."""
    kept = {key: acl[key] for key in _KEPT if acl.get(key)}
    shields = [rule for rule in acl.get("Rules", []) if str(rule.get("Name", "")).startswith(_SHIELDS_OWN)]
    parameters = wished(options, name)
    return {**parameters, **kept, "Rules": [*parameters["Rules"], *shields]}


def differences(options: WafOptions, acl: Mapping[str, Any]) -> tuple[str, ...]:
    """What stands otherwise than the options wish."""
    found = []
    if acl.get("DefaultAction") != {options.default_action.capitalize(): {}}:
        standing = "/".join(acl.get("DefaultAction", {})).lower() or "none"
        found.append(f"the default action is {standing}, the options wish {options.default_action}")
    if _said(acl.get("Rules", [])) != _said(_rules(options)):
        found.append("the rules are not those that the options wish")
    return tuple(found)


def visibility(name: str) -> dict[str, Any]:
    """Counted in CloudWatch under its name; sampled requests can be seen in the console."""
    metric = re.sub(r"[^A-Za-z0-9_-]", "-", name)[:128]
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": metric}


def _rules(options: WafOptions) -> list[dict[str, Any]]:
    """The rate limit first: what it refuses costs no other rule."""
    rules: list[dict[str, Any]] = []
    if options.rate_limit_per_5min:
        limit = {"Limit": options.rate_limit_per_5min, "AggregateKeyType": "IP"}
        rules.append(_rule(0, RATE_RULE, {"RateBasedStatement": limit}, Action={"Block": {}}))
    for name in options.managed_rules:
        group = {"VendorName": "AWS", "Name": name}
        rules.append(_rule(len(rules), name, {"ManagedRuleGroupStatement": group}, OverrideAction={"None": {}}))
    return rules


def _rule(priority: int, name: str, statement: dict[str, Any], **action: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "VisibilityConfig": visibility(name),
        **action,
    }


def _said(rules: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """What makes a rule what it is, without what AWS adds to it by default."""
    said = []
    for rule in sorted(rules, key=lambda each: int(each.get("Priority", 0))):
        if str(rule.get("Name", "")).startswith(_SHIELDS_OWN):
            continue
        statement = rule.get("Statement", {})
        group, rate = statement.get("ManagedRuleGroupStatement", {}), statement.get("RateBasedStatement", {})
        weakened = any(group.get(key) for key in _WEAKENING) or any(rate.get(key) for key in _WEAKENING)
        window_s = rate.get("EvaluationWindowSec", RATE_WINDOW_S)
        actions = sorted((*(rule.get("Action") or {}), *(rule.get("OverrideAction") or {})))
        limit = (rate.get("Limit"), rate.get("AggregateKeyType"), window_s)
        said.append((rule.get("Name"), sorted(statement), group.get("Name"), limit, weakened, actions))
    return said

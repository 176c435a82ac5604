"""What the options wish of target group, load balancer and listeners, and what stands otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws.load_balancer.parts import Part, Parts
from adapters.provisioners.aws.tags import TOKEN
from config.provisioner_options.aws_load_balancer import HTTP_PORT, LoadBalancerOptions

TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3 only."""


def group(options: LoadBalancerOptions, name: str) -> dict[str, Any]:
    """The parameters that make the target group; only the health check can be changed later."""
    return {
        "Name": name,
        "Protocol": "HTTP",
        "Port": options.target_port,
        "VpcId": options.vpc,
        "TargetType": options.target_type,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPath": options.health_check_path,
    }


def balancer(options: LoadBalancerOptions, name: str) -> dict[str, Any]:
    """The parameters that make the load balancer."""
    groups = {"SecurityGroups": list(options.security_groups)} if options.security_groups else {}
    return {
        "Name": name,
        "Subnets": list(options.subnets),
        "Scheme": options.scheme,
        "Type": "application",
        **groups,
    }


def listeners(options: LoadBalancerOptions, group_arn: str) -> list[dict[str, Any]]:
    """The parameters of each listener: the serving one first."""
    serving: dict[str, Any] = {
        "Protocol": options.protocol,
        "Port": options.port,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": group_arn}],
    }
    if options.protocol == "HTTPS":
        serving |= {"SslPolicy": TLS_POLICY, "Certificates": [{"CertificateArn": options.certificate_arn}]}
    if not options.redirect_http:
        return [serving]
    target = {"Protocol": "HTTPS", "Port": str(options.port), "StatusCode": "HTTP_301"}
    action = {"Type": "redirect", "RedirectConfig": target}
    return [serving, {"Protocol": "HTTP", "Port": HTTP_PORT, "DefaultActions": [action]}]


def on_port(parts: Parts, wished: Mapping[str, Any]) -> Part | None:
    """The listener that stands on the wished one's port."""
    return next((each for each in parts.listeners if each.get("Port") == wished["Port"]), None)


def left_over(parts: Parts, wished: Sequence[Mapping[str, Any]]) -> list[Part]:
    """The listeners that solvent made under earlier options: they carry its tags, and no wished one has their port."""
    ports = {each["Port"] for each in wished}
    made = (each for each in parts.listeners if TOKEN in parts.tags.get(each["ListenerArn"], {}))
    return [each for each in made if each.get("Port") not in ports]


def same_listener(standing: Part, wished: Mapping[str, Any]) -> bool:
    """Whether a listener does what is wished, whatever AWS adds by default."""
    return _said(standing) == _said(wished)


def fixed(options: LoadBalancerOptions, parts: Parts) -> tuple[str, ...]:
    """What differs and cannot be changed: each sentence says how it is made anew."""
    said = []
    for key, wished in (("Port", options.target_port), ("TargetType", options.target_type), ("VpcId", options.vpc)):
        if parts.group and parts.group.get(key) != wished:
            found = f"the target group's {key} is {parts.group.get(key)}, the options wish {wished}"
            said.append(f"{found}: decommission it and warm it again")
    if parts.balancer and parts.balancer.get("Scheme") != options.scheme:
        found = f"the scheme is {parts.balancer.get('Scheme')}, the options wish {options.scheme}"
        said.append(f"{found}: deactivate it and activate it again")
    return tuple(said)


def differences(options: LoadBalancerOptions, parts: Parts) -> tuple[str, ...]:
    """What stands otherwise than the options wish."""
    said = list(fixed(options, parts))
    if not same_health_check(options, parts):
        found = parts.group.get("HealthCheckPath")
        said.append(f"health is checked at {found}, the options wish {options.health_check_path}")
    if parts.balancer:
        if not same_subnets(options, parts):
            said.append("the subnets are not those that the options wish")
        if not same_security_groups(options, parts):
            said.append("the security groups are not those that the options wish")
        if not same_token(parts):
            said.append("load balancer and target group carry different tokens")
        all_wished = listeners(options, parts.group.get("TargetGroupArn", ""))
        for wished in all_wished:
            standing = on_port(parts, wished)
            if standing is None or not same_listener(standing, wished):
                said.append(f"the listener on port {wished['Port']} is not the one that the options wish")
        said.extend(
            f"the listener on port {each['Port']} is one of earlier options, these wish none there"
            for each in left_over(parts, all_wished)
        )
    return tuple(said)


def same_health_check(options: LoadBalancerOptions, parts: Parts) -> bool:
    """Whether the target group, if there is one, is checked as wished."""
    return not parts.group or parts.group.get("HealthCheckPath") == options.health_check_path


def same_subnets(options: LoadBalancerOptions, parts: Parts) -> bool:
    """Whether the load balancer stands in the wished subnets."""
    return {zone["SubnetId"] for zone in parts.balancer.get("AvailabilityZones", [])} == set(options.subnets)


def same_security_groups(options: LoadBalancerOptions, parts: Parts) -> bool:
    """Whether it has the wished groups; where none is wished, any will do."""
    return not options.security_groups or set(parts.balancer.get("SecurityGroups", [])) == set(options.security_groups)


def same_token(parts: Parts) -> bool:
    """Whether both parts carry one token."""
    return len({parts.tags.get(arn, {}).get(TOKEN, "") for arn in parts.arns}) <= 1


def _said(listener: Mapping[str, Any]) -> tuple[Any, ...]:
    actions = []
    for action in listener.get("DefaultActions", []):
        redirect = action.get("RedirectConfig") or {}
        target = action.get("TargetGroupArn") or _only_target(action)
        actions.append((action.get("Type"), target, redirect.get("Protocol"), redirect.get("Port")))
    certificates = sorted(each["CertificateArn"] for each in listener.get("Certificates") or [])
    policy = listener.get("SslPolicy") if listener.get("Protocol") == "HTTPS" else None
    return listener.get("Protocol"), listener.get("Port"), actions, certificates, policy


def _only_target(action: Mapping[str, Any]) -> str | None:
    targets = (action.get("ForwardConfig") or {}).get("TargetGroups", [])
    return targets[0]["TargetGroupArn"] if len(targets) == 1 else None

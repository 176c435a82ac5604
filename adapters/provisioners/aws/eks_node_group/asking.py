"""What EKS is asked for: the parameters of a node group from its options, and where those that stand differ. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from config.provisioner_options.aws_eks_node_group import ON_DEMAND, EksNodeGroupOptions

_EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
_NAME_CHARACTERS_MAX: Final = 63
_TOKEN_CHARACTERS: Final = 32


def creation(options: EksNodeGroupOptions, *, on_demand: bool, nodes: int) -> dict[str, Any]:
    """All of CreateNodegroup but the names, the tags and the request's token."""
    return {
        "nodeRole": options.role_arn,
        "subnets": list(options.subnets),
        "instanceTypes": list(options.instance_types),
        "diskSize": options.disk_gb,
        "capacityType": "ON_DEMAND" if on_demand else capacity_type(options),
        "scalingConfig": scaling(options, nodes),
        "labels": dict(options.labels),
        "taints": [_taint(text) for text in options.taints],
    }


def capacity_type(options: EksNodeGroupOptions) -> str:
    """That of the component's own group."""
    return "ON_DEMAND" if options.capacity == ON_DEMAND else "SPOT"


def scaling(options: EksNodeGroupOptions, nodes: int) -> dict[str, int]:
    """So many machines now; an autoscaler may ask for some between `nodes` and `nodes_max`."""
    most = options.nodes_max
    return {"minSize": min(nodes, options.nodes), "desiredSize": min(nodes, most), "maxSize": most}


def configuration(options: EksNodeGroupOptions, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Labels and taints that are wished and do not stand, for UpdateNodegroupConfig; others are left alone."""
    wished: dict[str, Any] = {}
    labels = {key: value for key, value in options.labels.items() if raw.get("labels", {}).get(key) != value}
    if labels:
        wished["labels"] = {"addOrUpdateLabels": labels}
    standing = [_comparable(taint) for taint in raw.get("taints", [])]
    taints = [taint for text in options.taints if _comparable(taint := _taint(text)) not in standing]
    if taints:
        wished["taints"] = {"addOrUpdateTaints": taints}
    return wished


def differences(options: EksNodeGroupOptions, raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What an update of the group puts right, a sentence each."""
    wished = configuration(options, raw)
    sentences = [f"the {kind} are not those that the options wish" for kind in ("labels", "taints") if kind in wished]
    most = raw.get("scalingConfig", {}).get("maxSize")
    if most != options.nodes_max:
        sentences.append(f"it may have {most} nodes, the options wish at most {options.nodes_max}")
    return tuple(sentences)


def note(options: EksNodeGroupOptions, raw: Mapping[str, Any]) -> str:
    """What EKS changes on no group that stands; "" where nothing of it differs."""
    wished: dict[str, tuple[object, object]] = {
        "instance types": (set(raw.get("instanceTypes", ())), set(options.instance_types)),
        "subnets": (set(raw.get("subnets", ())), set(options.subnets)),
        "disk": (raw.get("diskSize"), options.disk_gb),
        "role": (raw.get("nodeRole"), options.role_arn),
        "capacity": (raw.get("capacityType"), capacity_type(options)),
    }
    differ = [name for name, (stands, wish) in wished.items() if wish and stands not in (wish, None)]
    if not differ:
        return ""
    return f"{' and '.join(differ)} differ from the options, and EKS changes them on no group: make it anew for that"


def stand_in_name(name: str) -> str:
    """The name of a group's stand-in on demand, within EKS's length."""
    if len(name) + len("-od") <= _NAME_CHARACTERS_MAX:
        return f"{name}-od"
    return f"{name[:50]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}-od"


def request_token(token: str, *parts: object) -> str:
    """One request's own token: the same for the same request of the same step, another for any other."""
    return hashlib.sha256("\0".join([token, *map(str, parts)]).encode()).hexdigest()[:_TOKEN_CHARACTERS]


def _taint(text: str) -> dict[str, str]:
    """`dedicated=web:NoSchedule` as EKS takes it."""
    pair, _, effect = text.rpartition(":")
    key, _, value = pair.partition("=")
    return {"key": key, "effect": _EFFECTS[effect], **({"value": value} if value else {})}


def _comparable(taint: Mapping[str, str]) -> tuple[str, str, str]:
    return taint.get("key", ""), taint.get("value", ""), taint.get("effect", "")

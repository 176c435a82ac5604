"""Options of a managed node group at Amazon EKS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.aws_eks import cluster_name, role_arn, subnets_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields, entries_of

SPOT: Final = "spot"
ON_DEMAND: Final = "on_demand"
SPOT_THEN_ON_DEMAND: Final = "spot_then_on_demand"
NODES_MAX: Final = 450
DISK_GB_MAX: Final = 16_384
INSTANCE_TYPES_MAX: Final = 20
LABELS_MAX: Final = 50
TAINTS_MAX: Final = 50
FALLBACK_AFTER_S: Final = 600
FALLBACK_AFTER_S_MIN: Final = 60
FALLBACK_AFTER_S_MAX: Final = 1_800
"""With the time that machines on demand take, it stays within a step's deadline."""
RETURN_AFTER_S: Final = 21_600
RETURN_AFTER_S_MIN: Final = 3_600
"""More than two drifts an hour would look like another writer that undoes solvent's work."""
RETURN_AFTER_S_MAX: Final = 604_800

_capacity: Final = values.matching(
    f"{SPOT}|{ON_DEMAND}|{SPOT_THEN_ON_DEMAND}", f"{SPOT}, {ON_DEMAND} or {SPOT_THEN_ON_DEMAND}"
)
_instance_type: Final = values.matching(r"[a-z][a-z0-9-]{0,20}\.[a-z0-9-]{1,20}", "an instance type such as m6i.large")
_label_key: Final = values.matching(r"[A-Za-z0-9]([A-Za-z0-9._/-]{0,314}[A-Za-z0-9])?", "a label's key")
_label_value: Final = values.matching(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?", "a label's value")
_taint: Final = values.matching(
    r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}(=[A-Za-z0-9._-]{0,63})?:(NoSchedule|PreferNoSchedule|NoExecute)",
    "a taint such as dedicated=web:NoSchedule",
)


class EksNodeGroupOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A managed node group, on spot with a way back to machines on demand where that is wished."""

    region: str
    cluster: str = ""
    role_arn: str = ""
    subnets: tuple[str, ...] = ()
    instance_types: tuple[str, ...] = ()
    nodes: int = 1
    """How many ready nodes are HOT."""
    nodes_max: int = 1
    """How many an autoscaler may make of them."""
    disk_gb: int = 20
    capacity: str = SPOT_THEN_ON_DEMAND
    fallback_after_s: int = FALLBACK_AFTER_S
    """How long the spot market may leave nodes missing before machines on demand are made."""
    return_to_spot_after_s: int = RETURN_AFTER_S
    """How long machines on demand serve before spot is tried again; each failure doubles it."""
    labels: dict[str, str] = {}
    taints: tuple[str, ...] = ()
    """Each as `key=value:NoSchedule`."""
    tags: dict[str, str] = {}


def eks_node_group_options(options: Mapping[str, Any]) -> EksNodeGroupOptions:
    """The options of a loaded plan's `aws_eks_node_group` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), EksNodeGroupOptions)


def _read(fields: Fields, context: Context) -> EksNodeGroupOptions:
    del context
    nodes = fields.required("nodes", values.integer(1, NODES_MAX, "nodes")) or 1
    capacity = fields.optional("capacity", _capacity, SPOT_THEN_ON_DEMAND)
    read = EksNodeGroupOptions(
        region=region_read(fields),
        cluster=fields.required("cluster", cluster_name) or "",
        role_arn=fields.required("role_arn", role_arn) or "",
        subnets=subnets_read(fields, 1),
        instance_types=_instance_types(fields),
        nodes=nodes,
        nodes_max=fields.optional("nodes_max", values.integer(nodes, NODES_MAX, "nodes"), nodes),
        disk_gb=fields.optional("disk_gb", values.integer(1, DISK_GB_MAX, "GiB"), 20),
        capacity=capacity,
        fallback_after_s=fields.optional(
            "fallback_after_s", values.integer(FALLBACK_AFTER_S_MIN, FALLBACK_AFTER_S_MAX, "seconds"), FALLBACK_AFTER_S
        ),
        return_to_spot_after_s=fields.optional(
            "return_to_spot_after_s", values.integer(RETURN_AFTER_S_MIN, RETURN_AFTER_S_MAX, "seconds"), RETURN_AFTER_S
        ),
        labels=_labels(fields),
        taints=_taints(fields),
        tags=tags_read(fields),
    )
    if capacity != SPOT_THEN_ON_DEMAND and fields.has("return_to_spot_after_s"):
        fields.collector.report(
            fields.place_of("return_to_spot_after_s"), f"capacity: {SPOT_THEN_ON_DEMAND} beside it", capacity
        )
    return read


def _instance_types(fields: Fields) -> tuple[str, ...]:
    types = tuple(text for text, _ in fields.texts("instance_types", _instance_type, required=True))
    if fields.has("instance_types") and not 0 < len(types) <= INSTANCE_TYPES_MAX:
        place = fields.place_of("instance_types")
        fields.collector.report(place, f"1 to {INSTANCE_TYPES_MAX} instance types", str(len(types)))
    return types


def _labels(fields: Fields) -> dict[str, str]:
    labels: dict[str, str] = {}
    for key, node in entries_of(fields.mapping("labels")):
        try:
            _label_key(key)
        except ReadingError as error:
            fields.collector.report(node.place, error.expected, error.found)
        value = fields.collector.parsed(node, _label_value)
        if value is not None:
            labels[key] = value
    if len(labels) > LABELS_MAX:
        fields.collector.report(fields.place_of("labels"), f"at most {LABELS_MAX} labels", str(len(labels)))
    return labels


def _taints(fields: Fields) -> tuple[str, ...]:
    taints = tuple(text for text, _ in fields.texts("taints", _taint))
    if len(taints) > TAINTS_MAX:
        fields.collector.report(fields.place_of("taints"), f"at most {TAINTS_MAX} taints", str(len(taints)))
    return taints


KIND: Final = OptionsKind(_read, provider_of, place=("region", "cluster"))

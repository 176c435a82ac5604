"""Options of a replication group of Amazon ElastiCache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

REPLICAS_MAX: Final = 5
SHARDS_MAX: Final = 500
RETENTION_DAYS_MAX: Final = 35
SNAPSHOTS_KEPT_MAX: Final = 20
SECURITY_GROUPS_MAX: Final = 5

_engine: Final = values.matching("redis|valkey", "redis or valkey")
_version: Final = values.matching(r"\d{1,2}(\.(\d{1,2}|x)){0,2}", "a version of the engine such as 8.0 or 7.1")
_node_type: Final = values.matching(r"cache\.[a-z0-9-]{1,20}\.[a-z0-9]{1,20}", "a node type such as cache.t4g.micro")
_group_name: Final = values.matching(
    r"[A-Za-z][A-Za-z0-9._-]{0,254}", "a group's name: a letter, letters, digits, . _ -"
)
_security_group: Final = values.matching(r"sg-[0-9a-f]{8,17}", "the id of a security group, sg-0123456789abcdef0")


class ElastiCacheOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node, a primary with replicas, or shards with replicas."""

    region: str
    node_type: str
    engine: str = "valkey"
    engine_version: str = ""
    """"" lets AWS choose its newest."""
    replicas: int = 0
    """Of each shard, beside its primary; with any, failover is automatic and the nodes stand in several zones."""
    shards: int = 1
    """1 is cluster mode off."""
    subnet_group: str = ""
    security_groups: tuple[str, ...] = ()
    parameter_group: str = ""
    """"" takes AWS's default of the engine."""
    encryption_in_transit: bool = True
    encryption_at_rest: bool = True
    snapshot: bool = False
    """Whether deactivation takes a snapshot, from which activation restores; always where the component is stateful."""
    snapshot_retention_days: int = 0
    """How long AWS keeps its daily backups of a group that runs; 0 makes none."""
    snapshots_kept: int = 2
    """How many snapshots of deactivations are kept, newest first."""
    tags: dict[str, str] = {}


def elasticache_options(options: Mapping[str, Any]) -> ElastiCacheOptions:
    """The options of a loaded plan's `aws_elasticache` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), ElastiCacheOptions)


def _read(fields: Fields, context: Context) -> ElastiCacheOptions:
    del context
    options = ElastiCacheOptions(
        region=region_read(fields),
        node_type=fields.required("node_type", _node_type) or "",
        engine=fields.optional("engine", _engine, "valkey"),
        engine_version=fields.optional("engine_version", _version, ""),
        replicas=fields.optional("replicas", values.integer(0, REPLICAS_MAX, "replicas"), 0),
        shards=fields.optional("shards", values.integer(1, SHARDS_MAX, "shards"), 1),
        subnet_group=fields.optional("subnet_group", _group_name, ""),
        security_groups=tuple(text for text, _ in fields.texts("security_groups", _security_group)),
        parameter_group=fields.optional("parameter_group", _group_name, ""),
        encryption_in_transit=fields.optional("encryption_in_transit", values.boolean, True),
        encryption_at_rest=fields.optional("encryption_at_rest", values.boolean, True),
        snapshot=fields.optional("snapshot", values.boolean, False),
        snapshot_retention_days=fields.optional(
            "snapshot_retention_days", values.integer(0, RETENTION_DAYS_MAX, "days"), 0
        ),
        snapshots_kept=fields.optional("snapshots_kept", values.integer(1, SNAPSHOTS_KEPT_MAX, "snapshots"), 2),
        tags=tags_read(fields),
    )
    _check_cluster_mode(fields, options)
    _check_security_groups(fields, options)
    return options


def _check_cluster_mode(fields: Fields, options: ElastiCacheOptions) -> None:
    if options.shards > 1 and not options.engine_version and not options.parameter_group:
        fields.collector.report(
            fields.place_of("shards"),
            "engine_version or parameter_group beside more than one shard: they name the parameters of cluster mode",
            "neither",
        )


def _check_security_groups(fields: Fields, options: ElastiCacheOptions) -> None:
    if len(options.security_groups) > SECURITY_GROUPS_MAX:
        fields.collector.report(
            fields.place_of("security_groups"),
            f"at most {SECURITY_GROUPS_MAX} security groups",
            f"{len(options.security_groups)} of them",
        )


KIND: Final = OptionsKind(_read, provider_of, place=("region",))

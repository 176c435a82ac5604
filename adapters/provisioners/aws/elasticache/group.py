"""A replication group as ElastiCache describes it, against what its options wish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config.provisioner_options.aws_elasticache import ElastiCacheOptions
from machines.observations import ResourceState

HOT: Final = ("available", "snapshotting")
"""A backup is taken beside the work."""
_FAILED: Final = "create-failed"
Group = Mapping[str, Any]


class Change(msgspec.Struct, frozen=True):
    """One call that brings a group nearer to its options."""

    operation: str
    parameters: dict[str, Any]


def state_of(group: Group) -> ResourceState:
    """A status that is not known here is one in between."""
    status = group.get("Status", "")
    if status in HOT:
        return ResourceState.HOT
    return ResourceState.BROKEN if status == _FAILED else ResourceState.CHANGING


def creation(options: ElastiCacheOptions) -> dict[str, Any]:
    """The parameters of `create_replication_group` that follow from the options."""
    cluster = options.shards > 1
    size = (
        {"NumNodeGroups": options.shards, "ReplicasPerNodeGroup": options.replicas, "ClusterMode": "enabled"}
        if cluster
        else {"NumCacheClusters": 1 + options.replicas}
    )
    wished = {
        "EngineVersion": options.engine_version,
        "CacheSubnetGroupName": options.subnet_group,
        "SecurityGroupIds": list(options.security_groups),
        "CacheParameterGroupName": options.parameter_group or (_cluster_parameters(options) if cluster else ""),
    }
    return {
        **size,
        **{name: value for name, value in wished.items() if value},
        "Engine": options.engine,
        "CacheNodeType": options.node_type,
        "AutomaticFailoverEnabled": _fails_over(options),
        "MultiAZEnabled": options.replicas > 0,
        "TransitEncryptionEnabled": options.encryption_in_transit,
        "AtRestEncryptionEnabled": options.encryption_at_rest,
        "SnapshotRetentionLimit": options.snapshot_retention_days,
    }


def differences_of(options: ElastiCacheOptions, group: Group) -> tuple[str, ...]:
    """What `next_change` puts right, a sentence each."""
    said = []
    if group.get("CacheNodeType") != options.node_type:
        said.append(f"node_type is {group.get('CacheNodeType')}, the options wish {options.node_type}")
    replicas = _replicas(group)
    if replicas and set(replicas) != {options.replicas}:
        counts = " and ".join(str(count) for count in sorted(set(replicas)))
        said.append(f"a shard has {counts} replicas, the options wish {options.replicas}")
    if _resharded(options, group):
        said.append(f"there are {len(_shards(group))} shards, the options wish {options.shards}")
    if group.get("SnapshotRetentionLimit", 0) != options.snapshot_retention_days:
        kept = group.get("SnapshotRetentionLimit", 0)
        said.append(f"daily backups are kept {kept} days, the options wish {options.snapshot_retention_days}")
    if _is_on(group, "AutomaticFailover") is not _fails_over(options, group):
        said.append(
            f"automatic failover is {group.get('AutomaticFailover')}, the options wish {options.replicas} replicas"
        )
    if _is_on(group, "MultiAZ") is not (options.replicas > 0):
        said.append(f"several zones are {group.get('MultiAZ')}, the options wish {options.replicas} replicas")
    return tuple(said)


def next_change(options: ElastiCacheOptions, group: Group) -> Change | None:
    """The next call to make; None where nothing differs. ElastiCache takes one at a time.

    Replicas come before the failover that needs them, and go after it.
    """
    replicas = _replicas(group)
    counted = {"NewReplicaCount": options.replicas, "ApplyImmediately": True}
    if replicas and min(replicas) < options.replicas:
        return Change("increase_replica_count", counted)
    if _resharded(options, group):
        return _resharding(options, group)
    modified: dict[str, Any] = {}
    if group.get("CacheNodeType") != options.node_type:
        modified["CacheNodeType"] = options.node_type
    if group.get("SnapshotRetentionLimit", 0) != options.snapshot_retention_days:
        modified["SnapshotRetentionLimit"] = options.snapshot_retention_days
    if _is_on(group, "AutomaticFailover") is not _fails_over(options, group):
        modified["AutomaticFailoverEnabled"] = _fails_over(options, group)
    if _is_on(group, "MultiAZ") is not (options.replicas > 0):
        modified["MultiAZEnabled"] = options.replicas > 0
    if modified:
        return Change("modify_replication_group", {**modified, "ApplyImmediately": True})
    if replicas and max(replicas) > options.replicas:
        return Change("decrease_replica_count", counted)
    return None


def detail_of(options: ElastiCacheOptions, group: Group) -> str:
    """Where it is reached, or what AWS does with it; and what only another activation after a deactivation changes."""
    status = group.get("Status", "")
    if status not in HOT:
        return f"the replication group is {status}"
    shards = _shards(group)
    endpoint = group.get("ConfigurationEndpoint") or (shards[0].get("PrimaryEndpoint") if shards else None) or {}
    said = [f"{endpoint['Address']}:{endpoint.get('Port', '')}"] if endpoint.get("Address") else []
    for name, key, wished in (
        ("cluster mode", "ClusterEnabled", options.shards > 1),
        ("encryption_in_transit", "TransitEncryptionEnabled", options.encryption_in_transit),
        ("encryption_at_rest", "AtRestEncryptionEnabled", options.encryption_at_rest),
    ):
        if bool(group.get(key, False)) is not wished:
            said.append(f"{name} is {not wished}, the options wish {wished}: deactivate and activate to change it")
    return "; ".join(said)


def _fails_over(options: ElastiCacheOptions, group: Group | None = None) -> bool:
    """Cluster mode is not to be had without, neither wished nor standing."""
    return options.replicas > 0 or (options.shards > 1 if group is None else bool(group.get("ClusterEnabled")))


def _cluster_parameters(options: ElastiCacheOptions) -> str:
    """AWS's default parameters of cluster mode, called after the engine's family: redis7, redis6.x, valkey8."""
    major = re.match(r"\d+", options.engine_version)
    number = major[0] if major else ""
    family = {("redis", "6"): "redis6.x", ("redis", "5"): "redis5.0"}.get(
        (options.engine, number), options.engine + number
    )
    return f"default.{family}.cluster.on"


def _shards(group: Group) -> list[Any]:
    return list(group.get("NodeGroups", []))


def _replicas(group: Group) -> list[int]:
    return [max(0, len(shard.get("NodeGroupMembers", [])) - 1) for shard in _shards(group)]


def _resharded(options: ElastiCacheOptions, group: Group) -> bool:
    """Cluster mode itself is not switched under a running group."""
    return bool(group.get("ClusterEnabled")) and options.shards > 1 and len(_shards(group)) != options.shards


def _resharding(options: ElastiCacheOptions, group: Group) -> Change:
    parameters: dict[str, Any] = {"NodeGroupCount": options.shards, "ApplyImmediately": True}
    if len(_shards(group)) > options.shards:
        kept = sorted(str(shard.get("NodeGroupId", "")) for shard in _shards(group))[: options.shards]
        parameters["NodeGroupsToRetain"] = kept
    return Change("modify_replication_group_shard_configuration", parameters)


def _is_on(group: Group, key: str) -> bool:
    """`enabled` and `enabling`, of a group that says nothing off."""
    return str(group.get(key, "")).startswith("enabl")

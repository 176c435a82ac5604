"""How a group is brought to the size that its options wish, one call after the other."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.provisioners.aws.elasticache.group import creation, detail_of, differences_of, next_change
from config.provisioner_options.aws_elasticache import ElastiCacheOptions
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.aws.moto_place import REGION
from tests.provisioners.aws.replay import Replay


def wishing(**options: Any) -> ElastiCacheOptions:
    """Options of a small node."""
    return ElastiCacheOptions(REGION, node_type="cache.t4g.small", **options)


def sharded(shards: int, replicas: int) -> dict[str, Any]:
    """A group in cluster mode."""
    nodes = [
        {"NodeGroupId": f"{number:04}", "NodeGroupMembers": [{}] * (1 + replicas)} for number in range(1, shards + 1)
    ]
    on = "enabled" if replicas else "disabled"
    return {
        "ClusterEnabled": True,
        "NodeGroups": nodes,
        "CacheNodeType": "cache.t4g.small",
        "AutomaticFailover": "enabled",
        "MultiAZ": on,
    }


async def test_more_replicas_come_before_the_failover_that_needs_them() -> None:
    """Replicas are added first, then failover, zones and node type are changed in one call."""
    options = {"region": REGION, "node_type": "cache.m7g.large", "replicas": 2}
    resource = Resource("shop", "web", options)
    with Replay("elasticache_more_replicas") as aws:
        async with aws.provisioner("aws_elasticache") as provisioner:
            first = await provisioner.take(Step.ACTIVATE, aws.order(resource))
            between = await provisioner.observe(resource)
            second = await provisioner.take(Step.ACTIVATE, aws.order(resource))
            seen = await provisioner.observe(resource)

    assert isinstance(first, StepBegun)
    assert isinstance(second, StepBegun)
    assert (ResourceState.CHANGING, (TOKEN,)) == (between.state, between.tokens)
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert aws.left == []


async def test_failover_goes_before_the_replicas_that_it_needs() -> None:
    """Down to a single node: failover is switched off first, then the replicas go."""
    resource = Resource("shop", "web", {"region": REGION, "node_type": "cache.t4g.small"})
    with Replay("elasticache_no_replicas") as aws:
        async with aws.provisioner("aws_elasticache") as provisioner:
            await provisioner.take(Step.ACTIVATE, aws.order(resource))
            between = await provisioner.observe(resource)
            await provisioner.take(Step.ACTIVATE, aws.order(resource))
            at_work = await provisioner.observe(resource)
            seen = await provisioner.observe(resource)

    assert between.differences == ("a shard has 2 replicas, the options wish 0",)
    assert at_work.state is ResourceState.CHANGING
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert aws.left == []


def test_one_shard_with_replicas_fails_over_between_zones() -> None:
    """Replicas of a single shard count with their primary, with failover and several zones."""
    made = creation(wishing(replicas=2))

    assert "NumNodeGroups" not in made
    assert (made["NumCacheClusters"], made["AutomaticFailoverEnabled"], made["MultiAZEnabled"]) == (3, True, True)


def test_everything_is_encrypted_by_default() -> None:
    """In transit and at rest, unless the options say otherwise."""
    made = creation(wishing())

    assert (made["TransitEncryptionEnabled"], made["AtRestEncryptionEnabled"]) == (True, True)


@pytest.mark.parametrize(
    ("engine", "version", "expected"),
    [
        ("valkey", "8.0", "default.valkey8.cluster.on"),
        ("redis", "7.1", "default.redis7.cluster.on"),
        ("redis", "6.x", "default.redis6.x.cluster.on"),
    ],
)
def test_cluster_mode_takes_its_engines_parameters(engine: str, version: str, expected: str) -> None:
    """AWS calls its default parameters of cluster mode after the engine's family."""
    assert creation(wishing(engine=engine, engine_version=version, shards=3))["CacheParameterGroupName"] == expected


def test_more_shards_are_added() -> None:
    """Fewer shards than wished are a difference that one call puts right."""
    options = wishing(engine_version="8.0", shards=3, replicas=1)

    change = next_change(options, sharded(2, 1))

    assert differences_of(options, sharded(2, 1)) == ("there are 2 shards, the options wish 3",)
    assert change is not None
    assert change.operation == "modify_replication_group_shard_configuration"
    assert change.parameters == {"NodeGroupCount": 3, "ApplyImmediately": True}


def test_the_first_shards_are_kept() -> None:
    """More shards than wished: AWS is told which to keep, and moves what the others hold."""
    change = next_change(wishing(engine_version="8.0", shards=2), sharded(4, 0))

    assert change is not None
    assert change.parameters["NodeGroupsToRetain"] == ["0001", "0002"]


def test_cluster_mode_is_not_switched_under_a_running_group() -> None:
    """One shard wished of a group in cluster mode is no difference that activating could put right."""
    options, group = wishing(shards=1), sharded(2, 0)

    assert (differences_of(options, group), next_change(options, group)) == ((), None)
    assert "cluster mode is True, the options wish False" in detail_of(options, {**group, "Status": "available"})


def test_a_group_that_is_right_is_left_alone() -> None:
    """No difference, no call."""
    options = wishing(engine_version="8.0", shards=2, replicas=1)

    assert (differences_of(options, sharded(2, 1)), next_change(options, sharded(2, 1))) == ((), None)

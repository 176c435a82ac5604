"""What is a group's own: its snapshots, adoption, what AWS shows while it is at work, and what cannot be read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.provisioners.registry import preflight_of
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.elasticache_place import OPTIONS, ElastiCachePlace, backend, tags_of
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.moto_place import REGION

GROUP_STATUS = r"<Status>available</Status>(?!</NodeGroup>)"
OTHER_TOKEN = "svanothertoken000000000000000001"
ARN = "arn:aws:elasticache:eu-central-1:123456789012"


def shown(change: str, status: str, *, removes: bool = False, looks: int = 2) -> Delays:
    """After this change AWS shows this status of the group for some looks."""
    replacement = f"<Status>{status}</Status>"
    return Delays(Delay(change, "DescribeReplicationGroups", GROUP_STATUS, replacement, removes), looks=looks)


async def settled(place: ElastiCachePlace, resource: Resource) -> None:
    """Look until AWS is done."""
    while (await place.observer().observe(resource)).state is ResourceState.CHANGING:
        pass


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[ElastiCachePlace]:
    """An empty account."""
    with ElastiCachePlace(moto_port) as place:
        yield place
        await place.end()


async def test_warm_bills_nothing(place: ElastiCachePlace) -> None:
    """A warm component is a user that is off: no group stands."""
    await place.walk(place.resource(), "warm")

    user = backend().users["solvent-shop-web"]

    assert backend().replication_groups == {}
    assert user.access_string == "off ~* -@all"


async def test_creation_is_begun_and_seen_to_its_end(place: ElastiCachePlace) -> None:
    """While AWS creates the group a look shows CHANGING under the token, and when to look again."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.delays = shown("CreateReplicationGroup", "creating")
    provisioner = place.provisioner()

    answer = await provisioner.take(Step.ACTIVATE, place.order(resource))
    looks = [await provisioner.observe(resource) for _ in range(3)]

    assert isinstance(answer, StepBegun)
    assert answer.look_after_s == 60
    assert [seen.state for seen in looks] == [ResourceState.CHANGING, ResourceState.CHANGING, ResourceState.HOT]
    assert looks[0].tokens == (TOKEN,)
    assert looks[0].detail == "the replication group is creating"
    assert looks[0].look_after_s == 60


async def test_a_step_upon_a_group_at_work_is_ambiguous(place: ElastiCachePlace) -> None:
    """While the group is created, the same step is not taken a second time."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.delays = shown("CreateReplicationGroup", "creating")
    await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    with pytest.raises(Ambiguous, match="creating"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert place.proxy.served["CreateReplicationGroup"] == 1


async def test_a_deletion_is_seen_to_its_end(place: ElastiCachePlace) -> None:
    """While AWS deletes the group and takes its snapshot a look shows CHANGING, then the anchor is warm."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.proxy.delays = shown("DeleteReplicationGroup", "deleting", removes=True)

    await place.walk(resource, "deactivate")

    assert place.proxy.delays.shown["DescribeReplicationGroups"] == 2
    assert (await place.observer().observe(resource)).state is ResourceState.WARM


@pytest.mark.parametrize("status", ["modifying", "a-status-of-tomorrow"])
async def test_what_aws_is_at_is_changing(place: ElastiCachePlace, status: str) -> None:
    """A group that is modified, or in a status that nobody knows yet, is CHANGING with AWS's own word."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    backend().replication_groups["solvent-shop-web"].status = status

    seen = await place.observer().observe(resource)

    assert (ResourceState.CHANGING, f"the replication group is {status}") == (seen.state, seen.detail)


async def test_a_daily_backup_does_not_interrupt(place: ElastiCachePlace) -> None:
    """While AWS takes its daily backup the group serves: it is hot."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    backend().replication_groups["solvent-shop-web"].status = "snapshotting"

    assert (await place.observer().observe(resource)).state is ResourceState.HOT


async def test_a_final_snapshot_is_the_end(place: ElastiCachePlace) -> None:
    """While the final snapshot is taken the group is on its way out: it is not called hot."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    backend().create_snapshot("solvent-shop-web-0001", "solvent-shop-web", None, None, None)
    backend().snapshots["solvent-shop-web-0001"].snapshot_status = "creating"
    backend().replication_groups["solvent-shop-web"].status = "snapshotting"

    seen = await place.observer().observe(resource)

    assert seen.state is ResourceState.CHANGING
    assert "solvent-shop-web-0001" in seen.detail


async def test_a_group_that_failed_is_made_again(place: ElastiCachePlace) -> None:
    """A group that AWS could not create is broken; activating deletes it without a snapshot and creates it anew."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    backend().replication_groups["solvent-shop-web"].status = "create-failed"
    broken = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    assert broken.state is ResourceState.BROKEN
    assert backend().snapshots == {}
    assert (await place.observer().observe(resource)).state is ResourceState.HOT


async def test_a_failed_group_goes_with_the_component(place: ElastiCachePlace) -> None:
    """Decommissioning removes a group that failed as well as its anchor."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    backend().replication_groups["solvent-shop-web"].status = "create-failed"

    await place.walk(resource, "decommission")

    assert (await place.observer().observe(resource)).state is ResourceState.ABSENT


async def test_the_newest_snapshot_comes_back_and_the_oldest_go(place: ElastiCachePlace) -> None:
    """Each deactivation leaves a numbered snapshot; as many as the options say are kept."""
    resource = Resource("shop", "web", {**OPTIONS, "snapshots_kept": 2})
    await place.walk(resource, "warm", "activate")
    for month in ("March", "April", "May", "June"):
        place.write_data(resource, f"orders of {month}")
        await place.walk(resource, "deactivate", "activate")

    assert place.data(resource) == "orders of June"
    assert sorted(backend().snapshots) == ["solvent-shop-web-0003", "solvent-shop-web-0004"]


async def test_a_snapshot_that_is_still_taken_is_waited_for(place: ElastiCachePlace) -> None:
    """The newest data is worth waiting for: nothing older is restored meanwhile."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate", "deactivate")
    backend().snapshots["solvent-shop-web-0001"].snapshot_status = "creating"

    answer = await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert isinstance(answer, StepBegun)
    assert "solvent-shop-web-0001 is still being taken" in answer.detail
    assert backend().replication_groups == {}


@pytest.mark.parametrize(("stateful", "kept"), [(True, 1), (False, 0)])
async def test_a_snapshot_is_taken_of_what_keeps_data(place: ElastiCachePlace, stateful: bool, kept: int) -> None:
    """A stateful component's data is snapshotted whatever its options say; a mere cache starts empty."""
    resource = Resource("shop", "web", {"region": REGION, "node_type": "cache.t4g.small"}, stateful=stateful)
    await place.walk(resource, "warm", "activate")

    await place.walk(resource, "deactivate", "decommission")

    assert len(backend().snapshots) == kept


async def test_a_group_that_is_busy_is_tried_again_later(place: ElastiCachePlace) -> None:
    """A refusal because AWS is at work on the group is transient, and the group stands as before."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.proxy.next("DeleteReplicationGroup", Refusal("InvalidReplicationGroupState"))

    with pytest.raises(Transient, match="at work on it"):
        await place.provisioner().take(Step.DEACTIVATE, place.order(resource))

    assert place.tokens(resource) == [TOKEN]


async def test_a_rival_that_created_the_group_is_looked_for(place: ElastiCachePlace) -> None:
    """Where somebody else created the group between look and act, there is one group and no error."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next("CreateReplicationGroup", "rival")

    await place.walk(resource, "activate")

    assert list(backend().replication_groups) == ["solvent-shop-web"]


async def test_an_adopted_group_keeps_its_data_and_users(place: ElastiCachePlace) -> None:
    """A group adopted by its ARN is moved by its own name, and an application's user of that name is left alone."""
    place.direct("elasticache").create_replication_group(
        ReplicationGroupId="orders", ReplicationGroupDescription="by hand", CacheNodeType="cache.t4g.small"
    )
    backend().create_user("orders", "orders", "redis", [], "on ~* +@all", True, "no-password-required")
    resource = Resource("shop", "web", OPTIONS, name=f"{ARN}:replicationgroup:orders", stateful=True)
    found = await place.observer().observe(resource)

    await place.walk(resource, "activate", "deactivate")

    assert (ResourceState.HOT, ("",)) == (found.state, found.tokens)
    assert (await place.observer().observe(resource)).state is ResourceState.WARM
    assert list(backend().snapshots) == ["orders-0001"]
    assert TOKEN not in tags_of(backend().users["orders"]).values()


@pytest.mark.parametrize(
    "arn", [f"{ARN}:cluster:sessions", f"{ARN}:serverlesscache:sessions", "arn:aws:rds:eu-central-1:123456789012:db:x"]
)
async def test_what_is_no_group_is_not_adopted(place: ElastiCachePlace, arn: str) -> None:
    """Another kind of resource is refused for good, with what to adopt instead."""
    with pytest.raises(Permanent, match="adopt one by its ARN"):
        await place.observer().observe(Resource("shop", "web", OPTIONS, name=arn))


async def test_an_orphan_leaves_a_snapshot(place: ElastiCachePlace) -> None:
    """Removing a running group that belongs to nothing keeps its data in a snapshot; then its anchor can go."""
    resource = Resource("shop", "web", {"region": REGION, "node_type": "cache.t4g.small"})
    await place.walk(resource, "warm", "activate")
    found = await place.provisioner().list_resources("shop", (resource,))

    for each in found:
        await place.provisioner().remove(each, Mandate())

    assert {each.token for each in found} == {TOKEN}
    assert list(backend().snapshots) == ["solvent-shop-web-0001"]
    assert await place.provisioner().list_resources("shop", (resource,)) == ()


async def test_another_token_is_put_on_group_and_anchor(place: ElastiCachePlace) -> None:
    """Taking over under another token puts it on both, so that it survives deactivation."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")

    await call(place.provisioner(), "deactivate", place.order(resource, OTHER_TOKEN))

    assert place.tokens(resource) == [OTHER_TOKEN]


async def test_drift_of_the_node_type_is_put_right(place: ElastiCachePlace) -> None:
    """A node type changed by hand is a difference that activating again puts right."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    backend().replication_groups["solvent-shop-web"].cache_node_type = "cache.r7g.16xlarge"
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    assert drifted.differences == ("node_type is cache.r7g.16xlarge, the options wish cache.t4g.small",)
    assert (await place.observer().observe(resource)).differences == ()


async def test_shards_with_replicas_are_made_in_cluster_mode(place: ElastiCachePlace) -> None:
    """More than one shard is cluster mode with AWS's parameters of it, reached at one endpoint."""
    options = {**OPTIONS, "shards": 2, "replicas": 1, "engine_version": "8.0"}
    resource = Resource("shop", "web", options)

    await place.walk(resource, "warm", "activate")

    seen = await place.observer().observe(resource)
    asked = place.proxy.parameters["CreateReplicationGroup"]
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert seen.detail.startswith("clustercfg.")
    assert asked["CacheParameterGroupName"] == "default.valkey8.cluster.on"
    assert (asked["NumNodeGroups"], asked["ReplicasPerNodeGroup"], asked["MultiAZEnabled"]) == ("2", "1", "true")


async def test_a_whole_life_at_the_pace_of_aws(place: ElastiCachePlace) -> None:
    """With AWS at work after every change, each step is begun, looked at and comes to its end; data comes back."""
    resource = place.resource()
    group, user = "DescribeReplicationGroups", "DescribeUsers"
    place.proxy.delays = Delays(
        Delay("CreateUser", user, "<Status>active<", "<Status>creating<"),
        Delay("CreateReplicationGroup", group, GROUP_STATUS, "<Status>creating</Status>"),
        Delay("DeleteReplicationGroup", group, GROUP_STATUS, "<Status>deleting</Status>", removes=True),
        looks=3,
    )
    await place.walk(resource, "warm")
    await settled(place, resource)
    await place.walk(resource, "activate")
    place.write_data(resource, "orders of March")

    await place.walk(resource, "deactivate", "activate")

    assert place.data(resource) == "orders of March"
    assert (await place.observer().observe(resource)).state is ResourceState.HOT


async def test_nothing_to_say_beforehand(place: ElastiCachePlace) -> None:
    """Where region and credentials are right, preflight is silent."""
    assert await preflight_of("aws_elasticache", [place.resource()], place.surroundings()) == ()


@pytest.mark.parametrize("kind", ["user", "replicationgroup"])
async def test_its_own_name_given_as_an_arn_is_its_own(place: ElastiCachePlace, kind: str) -> None:
    """Adopted by the ARN that a list shows, a component's own group or anchor is moved as before."""
    await place.walk(place.resource(), "warm")
    resource = Resource("shop", "web", OPTIONS, name=f"{ARN}:{kind}:solvent-shop-web")

    await place.walk(resource, "activate", "deactivate", "decommission")

    assert (list(backend().users), list(backend().replication_groups)) == (["default"], [])

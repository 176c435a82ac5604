"""What is a database's own: its phases, its password, what differs, protection, adoption and orphans."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.provisioners.aws.rds.anchor import SNAPSHOT
from adapters.provisioners.registry import preflight_of
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.aws.delays import Delays
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.rds_place import OPTIONS, RdsPlace, shown_as

CREATED = "CreateDBInstance"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[RdsPlace]:
    """An empty account."""
    with RdsPlace(moto_port) as place:
        yield place
        await place.end()


def database(*, stateful: bool = False, **options: object) -> Resource:
    """One that is stopped while it is warm, unless the options say otherwise."""
    return Resource("shop", "web", {**OPTIONS, **options}, stateful=stateful)


def always(status: str) -> Delays:
    """Every look shows this status."""
    return Delays(shown_as("DescribeDBInstances", status))


async def test_warming_takes_two_phases(place: RdsPlace) -> None:
    """Creating is begun and says when to look; until the instance is stopped it is not warm."""
    resource = place.resource()
    order = place.order(resource)
    begun = await place.provisioner().take(Step.WARM, order)
    seen = [await place.observer().observe(resource) for _ in range(2)]
    stopping = await place.provisioner().take(Step.WARM, order)

    assert isinstance(begun, StepBegun)
    assert (begun.detail, begun.look_after_s, bool(begun.request_id)) == ("creating", 60.0, True)
    assert [(each.state, each.tokens) for each in seen] == [
        (ResourceState.CHANGING, (TOKEN,)),
        (ResourceState.BROKEN, (TOKEN,)),
    ]
    assert isinstance(stopping, StepBegun)
    assert stopping.detail == "stopping"


async def test_a_lost_answer_is_waited_for(place: RdsPlace) -> None:
    """Where creating succeeded and its answer was lost, the look shows it coming up, and no second one is made."""
    resource = place.resource()
    place.proxy.next(CREATED, "lose_after")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.WARM, place.order(resource))
    seen = await place.observer().observe(resource)

    await place.walk(resource, "warm")

    assert (seen.state, seen.tokens, seen.look_after_s) == (ResourceState.CHANGING, (TOKEN,), 60.0)
    assert place.created(resource) == 1


async def test_the_password_is_awss_secret(place: RdsPlace) -> None:
    """The instance is made with a password that Secrets Manager keeps."""
    resource = place.resource()

    await place.walk(resource, "warm")

    assert place.instance(resource)["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:")


async def test_a_password_by_hand_is_a_difference(place: RdsPlace) -> None:
    """An adopted database with a password of its own shows that, and activating gives it to Secrets Manager."""
    resource = _adopted(place, MasterUserPassword="by-hand-1234")
    before = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, ("",)) == (before.state, before.tokens)
    assert "its password is not kept in Secrets Manager" in before.differences
    assert (ResourceState.HOT, (TOKEN,), ()) == (seen.state, seen.tokens, seen.differences)


async def test_a_password_by_hand_may_stay(place: RdsPlace) -> None:
    """With manage_password false the adopted database's password is left alone, and no new database is made."""
    made = _adopted(place, MasterUserPassword="by-hand-1234")
    adopted = Resource("shop", "web", {**made.options, "manage_password": False}, name=made.name)
    await place.walk(adopted, "activate")

    with pytest.raises(Permanent, match="nobody gives a new one a password"):
        await place.provisioner().take(Step.WARM, place.order(database(manage_password=False)))

    assert "MasterUserSecret" not in place.instance(adopted)


async def test_an_adopted_database_keeps_its_name(place: RdsPlace) -> None:
    """Snapshot, anchor and restored instance of an adopted database are apart from what is the operator's."""
    resource = _adopted(place, warm="snapshot")
    await place.walk(resource, "activate", "deactivate")
    warm = (list(place.instances()), list(place.anchors()), place.snapshots())

    await place.walk(resource, "activate")

    assert warm == ([], ["solvent-shop-web"], ["orders-final-00001"])
    assert list(place.instances()) == ["orders"]


@pytest.mark.parametrize("what", ["rds:eu-central-1:123456789012:cluster:orders", "ec2:eu-central-1:1:instance/i-1"])
async def test_only_an_instance_is_adopted(place: RdsPlace, what: str) -> None:
    """The ARN of a cluster or of another service's resource is refused."""
    with pytest.raises(Permanent, match="which is no DB instance"):
        await place.observer().observe(Resource("shop", "web", OPTIONS, name=f"arn:aws:{what}"))


async def test_a_read_replica_is_refused(place: RdsPlace) -> None:
    """A replica cannot be stopped or snapshotted for itself, so it is not managed."""
    source = _adopted(place)
    made = place.direct("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="orders-copy", SourceDBInstanceIdentifier="orders"
    )["DBInstance"]

    with pytest.raises(Permanent, match="read replica of orders"):
        await place.observer().observe(Resource("shop", "web", source.options, name=made["DBInstanceArn"]))


async def test_what_differs_is_seen_and_put_right(place: RdsPlace) -> None:
    """Another class, zone, storage or retention shows as a difference each; activating modifies it."""
    await place.walk(place.resource(), "warm", "activate")
    wished = database(instance_class="db.t4g.large", multi_az=True, storage_gb=40, backup_retention_days=14)
    drifted = await place.observer().observe(wished)

    await place.walk(wished, "activate")

    found = place.instance(wished)
    assert (ResourceState.HOT, 4) == (drifted.state, len(drifted.differences))
    assert (found["DBInstanceClass"], found["MultiAZ"], found["AllocatedStorage"]) == ("db.t4g.large", True, 40)
    assert place.proxy.served["ModifyDBInstance"] == 1
    assert (await place.observer().observe(wished)).differences == ()


async def test_storage_does_not_shrink(place: RdsPlace) -> None:
    """A smaller wished storage is a sentence of the detail, so that activating does not try for ever."""
    await place.walk(database(storage_gb=40), "warm", "activate")

    seen = await place.observer().observe(place.resource())

    assert seen.differences == ()
    assert "its storage is 40 GiB, the options wish 20: RDS only grows it" in seen.detail


async def test_storage_grows_once_at_a_time(place: RdsPlace) -> None:
    """While AWS still optimizes the storage it refuses to grow it again, so that waits and is no difference."""
    await place.walk(place.resource(), "warm", "activate")
    place.proxy.delays = always("storage-optimization")

    seen = await place.observer().observe(database(storage_gb=40))

    assert (seen.state, seen.differences) == (ResourceState.HOT, ())
    assert "its storage grows to 40 GiB when" in seen.detail


@pytest.mark.parametrize(
    ("code", "word", "said"),
    [
        ("InsufficientDBInstanceCapacity", Transient, "no capacity"),
        ("InstanceQuotaExceeded", Permanent, "quota"),
        ("StorageQuotaExceeded", Permanent, "quota"),
        ("AccessDenied", Permanent, "IAM policy"),
        ("InvalidSubnet", Permanent, "mend the component's options"),
    ],
)
async def test_a_refused_creation_is_said(place: RdsPlace, code: str, word: type[Exception], said: str) -> None:
    """What AWS has none of is tried again later; quota and permission wait for the operator."""
    place.proxy.next(CREATED, Refusal(code))

    with pytest.raises(word, match=said):
        await place.provisioner().take(Step.WARM, place.order(place.resource()))


async def test_a_failed_start_waits_for_capacity(place: RdsPlace) -> None:
    """A stopped instance that AWS has no capacity to start stays warm."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next("StartDBInstance", Refusal("InsufficientDBInstanceCapacity"))

    with pytest.raises(Transient, match="no capacity"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert (await place.observer().observe(resource)).state is ResourceState.WARM


async def test_what_failed_is_said_and_left(place: RdsPlace) -> None:
    """A status in which nothing mends itself is broken, with its remedy; the same step is refused for good."""
    resource = place.resource()
    await place.provisioner().take(Step.WARM, place.order(resource))
    place.proxy.delays = always("incompatible-network")
    seen = await place.observer().observe(resource)

    with pytest.raises(Permanent, match="mend the subnet group"):
        await place.provisioner().take(Step.WARM, place.order(resource))

    assert seen.state is ResourceState.BROKEN
    assert "mend the subnet group" in seen.detail


async def test_what_never_served_goes_without_a_snapshot(place: RdsPlace) -> None:
    """AWS takes no snapshot of what it could not make, and there is no data in it."""
    resource = database(stateful=True)
    await place.provisioner().take(Step.WARM, place.order(resource))
    place.proxy.delays = always("failed")

    await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert (place.instances(), place.snapshots()) == ({}, [])


async def test_what_served_is_never_deleted_without_a_snapshot(place: RdsPlace) -> None:
    """Of an instance that failed with data in it AWS takes no snapshot, so solvent does not delete it."""
    resource = database(stateful=True)
    await place.walk(resource, "warm")
    place.proxy.delays = always("failed")

    with pytest.raises(Permanent, match="takes no snapshot"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert list(place.instances()) == [place.name(resource)]


async def test_full_storage_grows(place: RdsPlace) -> None:
    """Where the storage is full, activating with more of it is what mends it."""
    await place.walk(place.resource(), "warm", "activate")
    place.proxy.delays = always("storage-full")

    answer = await place.provisioner().take(Step.ACTIVATE, place.order(database(storage_gb=40)))

    assert isinstance(answer, StepBegun)
    assert place.instance(place.resource())["AllocatedStorage"] == 40


async def test_protection_is_lifted_to_delete_only(place: RdsPlace) -> None:
    """While it stands the instance is protected, also after AWS refused to delete it."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next("DeleteDBInstance", Refusal("SnapshotQuotaExceeded"))

    with pytest.raises(Permanent, match="quota"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert place.instance(resource)["DeletionProtection"] is True
    assert place.proxy.served["ModifyDBInstance"] == 2


async def test_a_protected_stopped_instance_is_started_first(place: RdsPlace) -> None:
    """AWS changes nothing of a stopped instance: it is started, not taken for hot, and deleted with a snapshot."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next("ModifyDBInstance", Refusal("InvalidDBInstanceState"))
    begun = await place.provisioner().take(Step.DECOMMISSION, place.order(resource))
    states = [(await place.observer().observe(resource)).state for _ in range(2)]

    await place.walk(resource, "decommission")

    assert isinstance(begun, StepBegun)
    assert begun.detail == "starting"
    assert states == [ResourceState.CHANGING, ResourceState.BROKEN]
    assert (place.instances(), place.snapshots()) == ({}, ["solvent-shop-web-final-00001"])


@pytest.mark.parametrize(
    ("final", "stateful", "left"), [(True, False, 1), (False, True, 1), (True, True, 1), (False, False, 0)]
)
async def test_data_outlives_decommissioning(place: RdsPlace, final: bool, stateful: bool, left: int) -> None:
    """A last snapshot is taken unless the options wish none of a component that is not stateful."""
    resource = database(stateful=stateful, final_snapshot=final)
    await place.walk(resource, "warm", "activate", "deactivate")

    await place.walk(resource, "decommission")

    assert (place.instances(), len(place.snapshots())) == ({}, left)


async def test_the_next_generation_has_the_data(place: RdsPlace) -> None:
    """What was decommissioned with a snapshot is restored from it when it is made again."""
    resource = database(stateful=True)
    await place.walk(resource, "warm", "activate")
    place.write_data(resource, "orders of March")
    await place.walk(resource, "deactivate", "decommission")

    await call(place.provisioner(), "warm", place.order(resource, "svanothertoken000000000000000001", generation=2))

    assert place.data(resource) == "orders of March"
    assert place.tokens(resource) == ["svanothertoken000000000000000001"]


async def test_instances_and_anchors_are_listed(place: RdsPlace) -> None:
    """What carries the plan's tag is listed, AWS's own parameter groups and snapshots are not."""
    resource = database(warm="snapshot")
    await place.walk(resource, "warm", "activate", "deactivate", "activate")

    listed = await place.observer().list_resources("shop", (resource,))

    assert [each.name.split(":", 5)[5] for each in listed] == ["db:solvent-shop-web", "pg:solvent-shop-web"]
    assert {(each.component, each.token, each.generation) for each in listed} == {("web", TOKEN, 1)}


async def test_an_orphan_goes_with_a_snapshot(place: RdsPlace) -> None:
    """An instance that belongs to nothing is removed after a last snapshot; its anchor is removed on its own."""
    resource = database(warm="snapshot", final_snapshot=False)
    await place.walk(resource, "warm", "activate")
    instance, group = await place.observer().list_resources("shop", (resource,))

    await place.provisioner().remove(instance, Mandate())
    between = (list(place.instances()), list(place.anchors()), place.snapshots())
    await place.provisioner().remove(group, Mandate())

    assert between == ([], ["solvent-shop-web"], ["solvent-shop-web-final-00001"])
    assert (place.anchors(), place.snapshots()) == ({}, ["solvent-shop-web-final-00001"])


async def test_removing_an_anchor_leaves_the_instance(place: RdsPlace) -> None:
    """An anchor that is removed as an orphan takes no instance with it."""
    resource = database(warm="snapshot")
    await place.walk(resource, "warm", "activate")
    _, group = await place.observer().list_resources("shop", (resource,))

    await place.provisioner().remove(group, Mandate())

    assert (list(place.instances()), place.anchors()) == (["solvent-shop-web"], {})


async def test_a_new_token_is_put_on_both(place: RdsPlace) -> None:
    """Activating under another token writes it on instance and anchor."""
    resource = database(warm="snapshot")
    await place.walk(resource, "warm", "activate")
    other = "svanothertoken000000000000000001"

    await call(place.provisioner(), "activate", place.order(resource, other))

    name = place.name(resource)
    assert {place.instances()[name]["solvent:token"], place.anchors()[name]["solvent:token"]} == {other}
    assert SNAPSHOT not in place.anchors()[name]


async def test_nothing_to_say_beforehand(place: RdsPlace) -> None:
    """Where region and credentials are right, preflight is silent."""
    assert await preflight_of("aws_rds", [place.resource()], place.surroundings()) == ()


def _adopted(place: RdsPlace, *, warm: str = "stopped", **made_with: str) -> Resource:
    """A database of the operator's, made without solvent."""
    password = made_with or {"ManageMasterUserPassword": True}
    made = place.direct("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        EngineVersion="16.4",
        AllocatedStorage=20,
        MasterUsername="owner",
        **password,
    )["DBInstance"]
    return Resource("shop", "web", {**OPTIONS, "warm": warm}, name=made["DBInstanceArn"])

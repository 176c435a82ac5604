"""A database that is a snapshot while it is warm: which snapshot is its data, and which are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.provisioner import Resource, StepBegun
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.rds_place import OPTIONS, SnapshotPlace

NAME = "solvent-shop-web"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[SnapshotPlace]:
    """An empty account."""
    with SnapshotPlace(moto_port) as place:
        yield place
        await place.end()


def snapshot(number: int) -> str:
    """The name of the component's snapshot."""
    return f"{NAME}-final-{number:05}"


async def test_warm_costs_nothing_but_its_snapshots(place: SnapshotPlace) -> None:
    """While it is warm no instance stands, and the look names the snapshot that holds the data."""
    resource = place.resource()
    await place.walk(resource, "warm")
    new = await place.observer().observe(resource)
    await place.walk(resource, "activate", "deactivate")

    seen = await place.observer().observe(resource)

    assert (new.state, new.detail) == (ResourceState.WARM, "no instance")
    assert (seen.state, seen.detail) == (ResourceState.WARM, f"no instance, its data is the snapshot {snapshot(1)}")
    assert place.instances() == {}


async def test_deactivating_waits_until_the_snapshot_is_taken(place: SnapshotPlace) -> None:
    """While AWS takes the snapshot and deletes the instance, the component is changing."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    answer = await place.provisioner().take(Step.DEACTIVATE, place.order(resource))

    states = [(await place.observer().observe(resource)).state for _ in range(2)]

    assert isinstance(answer, StepBegun)
    assert (answer.detail, answer.look_after_s) == ("deleting", 60.0)
    assert states == [ResourceState.CHANGING, ResourceState.WARM]


async def test_the_newest_snapshot_is_restored(place: SnapshotPlace) -> None:
    """Every deactivation takes a snapshot of its own, and activation restores the last of them."""
    resource = place.resource()
    await place.walk(resource, "warm")
    for text in ("orders of March", "orders of April"):
        await place.walk(resource, "activate")
        place.write_data(resource, text)
        await place.walk(resource, "deactivate")

    await place.walk(resource, "activate")

    assert place.data(resource) == "orders of April"
    assert place.proxy.served["CreateDBInstance"] == 1


async def test_the_oldest_snapshots_go(place: SnapshotPlace) -> None:
    """Once the newest is restored and serves, the oldest own ones are removed; another's are left alone."""
    resource = Resource("shop", "web", {**place.resource().options, "snapshots_kept": 2})
    await place.walk(resource, "warm", "activate")
    rds = place.direct("rds")
    rds.create_db_snapshot(DBInstanceIdentifier=NAME, DBSnapshotIdentifier="by-hand")
    strange = [{"Key": "solvent:plan", "Value": "another"}]
    rds.create_db_snapshot(DBInstanceIdentifier=NAME, DBSnapshotIdentifier=snapshot(1), Tags=strange)
    for _ in range(3):
        await place.walk(resource, "deactivate", "activate")

    assert place.snapshots() == ["by-hand", snapshot(1), snapshot(3), snapshot(4)]


async def test_a_snapshot_that_vanished_is_no_empty_database(place: SnapshotPlace) -> None:
    """Where somebody removed the snapshot that holds the data, activating is refused instead of beginning anew."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate", "deactivate")
    place.direct("rds").delete_db_snapshot(DBSnapshotIdentifier=snapshot(1))

    with pytest.raises(Permanent, match=rf"{snapshot(1)}.*is not there"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert place.instances() == {}


@pytest.mark.parametrize(("status", "waits"), [("creating", True), ("failed", False)])
async def test_only_a_complete_snapshot_is_restored(place: SnapshotPlace, status: str, waits: bool) -> None:
    """A snapshot that is still taken is waited for; one that failed is said, and no older one is taken for it."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate", "deactivate")
    looks = "DescribeDBSnapshots"
    place.proxy.delays = Delays(Delay(looks, looks, "<Status>[^<]*</Status>", f"<Status>{status}</Status>"))

    if waits:
        assert isinstance(await place.provisioner().take(Step.ACTIVATE, place.order(resource)), StepBegun)
    else:
        with pytest.raises(Permanent, match="is failed"):
            await place.provisioner().take(Step.ACTIVATE, place.order(resource))
    assert place.instances() == {}


async def test_a_lost_answer_takes_one_snapshot(place: SnapshotPlace) -> None:
    """Where the deletion was begun and its answer was lost, the step ends with that one snapshot and its anchor."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.proxy.next("DeleteDBInstance", "lose_after")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.DEACTIVATE, place.order(resource))
    seen = await place.observer().observe(resource)

    await place.walk(resource, "deactivate", "activate", "deactivate")

    assert seen.state is ResourceState.CHANGING
    assert place.snapshots() == [snapshot(1), snapshot(2)]


async def test_a_lost_answer_leaves_the_anchor_naming_the_last_snapshot(place: SnapshotPlace) -> None:
    """The anchor names the snapshot that is about to be taken, so no lost answer leaves it at an older one."""
    resource = Resource("shop", "web", {**place.resource().options, "snapshots_kept": 1})
    await place.walk(resource, "warm", "activate", "deactivate", "activate")
    for number in (2, 3):
        place.proxy.next("DeleteDBInstance", "lose_after")
        with pytest.raises(Ambiguous):
            await place.provisioner().take(Step.DEACTIVATE, place.order(resource))
        assert (await place.observer().observe(resource)).state is ResourceState.CHANGING
        await place.walk(resource, "deactivate")
        assert place.anchors()[NAME]["solvent:snapshot"] == snapshot(number)
        await place.walk(resource, "activate")

    assert place.snapshots() == [snapshot(3)]


async def test_a_refused_deletion_leaves_a_database_that_goes_on(place: SnapshotPlace) -> None:
    """Where AWS refuses to delete, the instance is hot as before, and the next deactivation takes that snapshot."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate", "deactivate", "activate")
    place.proxy.next("DeleteDBInstance", Refusal("AccessDenied", 403))
    with pytest.raises(Permanent, match="AccessDenied"):
        await place.provisioner().take(Step.DEACTIVATE, place.order(resource))
    assert (await place.observer().observe(resource)).state is ResourceState.CHANGING  # protection is put back

    await place.walk(resource, "activate")
    place.write_data(resource, "orders of April")
    await place.walk(resource, "deactivate", "activate")

    assert (place.data(resource), place.snapshots()) == ("orders of April", [snapshot(1), snapshot(2)])


async def test_a_snapshot_that_was_never_taken_is_no_older_one(place: SnapshotPlace) -> None:
    """Where a refused deletion was followed by one by hand, activating is refused instead of restoring old data."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate", "deactivate", "activate")
    place.proxy.next("DeleteDBInstance", Refusal("AccessDenied", 403))
    with pytest.raises(Permanent, match="AccessDenied"):
        await place.provisioner().take(Step.DEACTIVATE, place.order(resource))
    rds = place.direct("rds")
    rds.modify_db_instance(DBInstanceIdentifier=NAME, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)

    with pytest.raises(Permanent, match=rf"{snapshot(2)}.*to go on with an older one or none"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert place.instances() == {}


async def test_a_database_without_anchor_gets_one(place: SnapshotPlace) -> None:
    """Where the anchor was removed by hand, deactivating makes it again before the instance goes."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.direct("rds").delete_db_parameter_group(DBParameterGroupName=NAME)

    await place.walk(resource, "deactivate")

    assert place.anchors()[NAME]["solvent:snapshot"] == snapshot(1)
    assert (await place.observer().observe(resource)).state is ResourceState.WARM


async def test_warm_may_change_its_form(place: SnapshotPlace) -> None:
    """Where the options changed from snapshot to stopped, the next deactivation stops, and all of it is removed."""
    await place.walk(place.resource(), "warm", "activate")
    resource = Resource("shop", "web", dict(OPTIONS))
    await place.walk(resource, "deactivate")
    stopped = place.instance(resource)["DBInstanceStatus"]

    await place.walk(resource, "decommission")

    assert stopped == "stopped"
    assert (place.instances(), place.anchors(), place.snapshots()) == ({}, {}, [snapshot(1)])


async def test_a_grown_wish_is_restored_at_once(place: SnapshotPlace) -> None:
    """A snapshot is restored with the storage that the options wish where that is more."""
    await place.walk(place.resource(), "warm", "activate", "deactivate")
    wished = Resource("shop", "web", {**place.resource().options, "storage_gb": 40})

    await place.walk(wished, "activate")

    assert place.instance(wished)["AllocatedStorage"] == 40
    assert place.proxy.served["ModifyDBInstance"] == 1  # protection lifted by the deactivation, nothing since

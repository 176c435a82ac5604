"""The databases of an emulated AWS, which takes its time."""

from __future__ import annotations

from typing import Any

from adapters.provisioners.aws.rds.anchor import SNAPSHOT
from adapters.provisioners.aws.tags import TOKEN, mapped
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.moto_place import REGION, MotoPlace

OPTIONS = {
    "region": REGION,
    "engine": "postgres",
    "engine_version": "16",
    "instance_class": "db.t4g.medium",
    "storage_gb": 20,
    "warm": "stopped",
}
_UNANSWERED = {Trouble.LOST_BEFORE, Trouble.LOST_AFTER, Trouble.HALF, Trouble.SLOW}


def shown_as(change: str, status: str, *, removes: bool = False) -> Delay:
    """After this call the instance is in this status for a while."""
    status_in_answer = "<DBInstanceStatus>[^<]*</DBInstanceStatus>"
    shown = f"<DBInstanceStatus>{status}</DBInstanceStatus>"
    return Delay(change, "DescribeDBInstances", status_in_answer, shown, removes)


class RdsPlace(MotoPlace):
    """Databases that are stopped while they are warm."""

    kind = "aws_rds"
    name_characters_max = 63
    operations = {
        "observe": "DescribeDBInstances",
        "warm": "CreateDBInstance",
        "activate": "StartDBInstance",
        "deactivate": "StopDBInstance",
        "decommission": "DeleteDBInstance",
    }
    half = ("StopDBInstance", "lose_before")
    creating = "CreateDBInstance"
    phased = frozenset({"warm"})
    delays: tuple[Delay, ...] = (
        shown_as("CreateDBInstance|RestoreDBInstanceFromDBSnapshot", "creating"),
        shown_as("StartDBInstance", "starting"),
        shown_as("StopDBInstance", "stopping"),
        shown_as("ModifyDBInstance", "modifying"),
    )

    def __init__(self, port: int) -> None:
        """Every change takes one look until it is over."""
        super().__init__(port)
        self.proxy.delays = Delays(*self.delays)

    def resource(self, component: str = "web") -> Resource:
        """A database."""
        return Resource("shop", component, dict(OPTIONS))

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """The contract takes a step again as soon as an answer was lost, so AWS is quick then."""
        if trouble in _UNANSWERED:
            self.proxy.delays.looks = 0
        super().arrange(call, trouble, resource)

    def tokens(self, resource: Resource) -> list[str]:
        """The instance's, else the anchor's."""
        name = self.name(resource)
        on_it = self.instances().get(name) or self.anchors().get(name)
        return [] if on_it is None else [on_it.get(TOKEN, "")]

    def image(self) -> object:
        """Instances without what the passing of time alone changes, anchors with tags, and snapshots.

        The anchor's note of the snapshot to come is written before the act, so a refused act leaves it behind.
        """
        rds = self.direct("rds")
        instances = rds.describe_db_instances()["DBInstances"]
        for each in instances:
            each.pop("LatestRestorableTime", None)
        anchors = self.anchors()
        for on_it in anchors.values():
            on_it.pop(SNAPSHOT, None)
        return instances, anchors, self.snapshots()

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand, with its anchor and without a snapshot."""
        rds, name = self.direct("rds"), self.name(resource)
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        if name in self.anchors():
            rds.delete_db_parameter_group(DBParameterGroupName=name)

    def write_data(self, resource: Resource, text: str) -> None:
        """The name of its certificate stands for its data: the emulator keeps it in snapshots."""
        self.direct("rds").modify_db_instance(
            DBInstanceIdentifier=self.name(resource), CACertificateIdentifier=text.replace(" ", "-")
        )

    def data(self, resource: Resource) -> str:
        """What is kept in the running instance."""
        return str(self.instance(resource)["CACertificateIdentifier"]).replace("-", " ")

    def instance(self, resource: Resource) -> dict[str, Any]:
        """As the emulator has it."""
        (found,) = self.direct("rds").describe_db_instances(DBInstanceIdentifier=self.name(resource))["DBInstances"]
        return dict(found)

    def instances(self) -> dict[str, dict[str, str]]:
        """Every instance's tags."""
        found = self.direct("rds").describe_db_instances()["DBInstances"]
        return {each["DBInstanceIdentifier"]: mapped(each["TagList"]) for each in found}

    def anchors(self) -> dict[str, dict[str, str]]:
        """Every own parameter group's tags."""
        rds = self.direct("rds")
        return {
            each["DBParameterGroupName"]: mapped(
                rds.list_tags_for_resource(ResourceName=each["DBParameterGroupArn"])["TagList"]
            )
            for each in rds.describe_db_parameter_groups()["DBParameterGroups"]
            if not each["DBParameterGroupName"].startswith("default.")
        }

    def snapshots(self) -> list[str]:
        """The names of all snapshots that somebody took."""
        found = self.direct("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        return sorted(each["DBSnapshotIdentifier"] for each in found)


class SnapshotPlace(RdsPlace):
    """Databases that are a snapshot while they are warm."""

    operations = {
        "observe": "DescribeDBInstances",
        "warm": "CreateDBParameterGroup",
        "activate": "CreateDBInstance",
        "deactivate": "DeleteDBInstance",
        "decommission": "DeleteDBParameterGroup",
    }
    half = None
    creating = "CreateDBParameterGroup"
    phased = frozenset({"activate"})
    delays = (*RdsPlace.delays, shown_as("DeleteDBInstance", "deleting", removes=True))

    def resource(self, component: str = "web") -> Resource:
        """A database."""
        return Resource("shop", component, {**OPTIONS, "warm": "snapshot"})

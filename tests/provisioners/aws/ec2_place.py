"""Instances of an emulated AWS."""

from __future__ import annotations

from typing import Any

from adapters.provisioners.aws.tags import COMPONENT, TOKEN, mapped
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.launches import LaunchProxy
from tests.provisioners.aws.moto_place import REGION, MotoPlace

IMAGE = "ami-12c6146b"
OPTIONS: dict[str, Any] = {"region": REGION, "image": IMAGE, "instance_type": "m6a.large"}
_UNANSWERED = {Trouble.LOST_BEFORE, Trouble.LOST_AFTER, Trouble.HALF, Trouble.SLOW}


def _shown(change: str, goal: str, meanwhile: str) -> Delay:
    """The change's own answer counts as the first look."""
    return Delay(change, f"{change}|DescribeInstances", f"<name>{goal}</name>", f"<name>{meanwhile}</name>")


DELAYS = (
    _shown("RunInstances", "running", "pending"),
    _shown("StartInstances", "running", "pending"),
    _shown("StopInstances", "stopped", "stopping"),
)
SLOW_END = _shown("TerminateInstances", "terminated", "shutting-down")
SLOW_SNAPSHOTS = Delay("CreateSnapshots", "DescribeSnapshots", "<status>completed</status>", "<status>pending</status>")


class Ec2Place(MotoPlace):
    """Instances whose root volume stands for what the application stored."""

    kind = "aws_ec2"
    operations = {
        "observe": "DescribeInstances",
        "warm": "RunInstances",
        "activate": "StartInstances",
        "deactivate": "StopInstances",
        "decommission": "TerminateInstances",
    }
    operations_last = {"warm": "StopInstances", "activate": "CreateTags", "deactivate": "CreateTags"}
    half = ("StopInstances", "lose_before")
    phased = frozenset({"warm"})
    creating = "RunInstances"
    front = LaunchProxy
    proxy: LaunchProxy

    def __init__(self, port: int) -> None:
        """With what EC2 does about client tokens."""
        super().__init__(port)
        self.proxy.ended = self._ended
        self.proxy.delays = Delays(*DELAYS, looks=2)

    def resource(self, component: str = "web") -> Resource:
        """An instance."""
        return Resource("shop", component, OPTIONS)

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """The contract takes a step again as soon as an answer was lost, so AWS is quick then."""
        if trouble in _UNANSWERED:
            self.proxy.delays.looks = 0
        super().arrange(call, trouble, resource)

    def created(self, resource: Resource) -> int:
        """A launch under a known client token makes nothing."""
        return self.proxy.launched

    def tokens(self, resource: Resource) -> list[str]:
        """Of all that are not terminated."""
        tagged = [mapped(each["Tags"]) for each in self.living()]
        return [on_it.get(TOKEN, "") for on_it in tagged if on_it.get(COMPONENT) == resource.component]

    def image(self) -> object:
        """Instances with tags, types and groups, terminated or not, and snapshots."""
        kept = ("InstanceId", "State", "Tags", "InstanceType", "SecurityGroups", "MetadataOptions")
        instances = [{key: each.get(key) for key in kept} for each in self.instances()]
        return instances, self.snapshots()

    def vanish(self, resource: Resource) -> None:
        """Terminated by hand."""
        self.direct("ec2").terminate_instances(InstanceIds=[self.instance(resource)["InstanceId"]])

    def write_data(self, resource: Resource, text: str) -> None:
        """A tag of the root volume."""
        tags = [{"Key": "data", "Value": text}]
        self.direct("ec2").create_tags(Resources=[self.volume(resource)], Tags=tags)

    def data(self, resource: Resource) -> str:
        """The same tag."""
        (volume,) = self.direct("ec2").describe_volumes(VolumeIds=[self.volume(resource)])["Volumes"]
        return mapped(volume["Tags"]).get("data", "")

    def volume(self, resource: Resource) -> str:
        """The id of the root volume."""
        return str(self.instance(resource)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"])

    def instance(self, resource: Resource) -> Any:
        """The one that lives."""
        (instance,) = [each for each in self.living() if mapped(each["Tags"]).get(COMPONENT) == resource.component]
        return instance

    def living(self) -> list[Any]:
        """All that are not terminated."""
        return [each for each in self.instances() if each["State"]["Name"] != "terminated"]

    def instances(self) -> list[Any]:
        """All that the emulator remembers."""
        reservations = self.direct("ec2").describe_instances()["Reservations"]
        return [instance for reservation in reservations for instance in reservation["Instances"]]

    def snapshots(self) -> list[Any]:
        """Those that solvent took: the emulator has some of its own."""
        wanted = [{"Name": "tag-key", "Values": [TOKEN]}]
        return list(self.direct("ec2").describe_snapshots(Filters=wanted)["Snapshots"])

    def _ended(self, instance: str) -> bool:
        return all(each["InstanceId"] != instance for each in self.living())

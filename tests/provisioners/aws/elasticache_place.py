"""The caches of an emulated AWS."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

from moto.core import DEFAULT_ACCOUNT_ID
from moto.elasticache.models import elasticache_backends

from adapters.provisioners.aws.tags import TOKEN
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.fault_proxy import FaultProxy, Refusal, answer_of, operation_of
from tests.provisioners.aws.moto_place import REGION, MotoPlace

OPTIONS = {"region": REGION, "node_type": "cache.t4g.small", "snapshot": True}
USER_IS_MADE = Delay("CreateUser", "DescribeUsers", "<Status>active<", "<Status>creating<")


class FinishingProxy(FaultProxy):
    """Does what moto leaves out: a deletion ends, a final snapshot is taken, a snapshot brings its data back."""

    def __init__(self, upstream_port: int) -> None:
        """No application has stored anything."""
        super().__init__(upstream_port)
        self.stored: dict[str, str] = {}
        """What applications stored, by the name of group or snapshot."""
        self.parameters: dict[str, dict[str, str]] = {}
        """Those of the last call of each operation."""

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        operation = operation_of(request, body)
        given = {name: texts[0] for name, texts in parse_qs(body.decode()).items()}
        self.parameters[operation] = given
        if operation == "CreateReplicationGroup" and given.get("SnapshotName", "") not in {"", *backend().snapshots}:
            return answer_of(request, body, Refusal("SnapshotNotFoundFault", 404))
        final = given.get("FinalSnapshotIdentifier", "")
        if operation == "DeleteReplicationGroup" and final in backend().snapshots:
            return answer_of(request, body, Refusal("SnapshotAlreadyExistsFault"))
        answer = super()._pass_on(request, body)
        if answer[0] < 300:
            self._finish(operation, given)
        return answer

    def _finish(self, operation: str, given: dict[str, str]) -> None:
        name = given.get("ReplicationGroupId", "")
        if operation == "CreateReplicationGroup" and given.get("SnapshotName"):
            self.stored[name] = self.stored.get(given["SnapshotName"], "")
        if operation == "DeleteReplicationGroup":
            if final := given.get("FinalSnapshotIdentifier"):
                backend().create_snapshot(final, name, None, None, None)
                self.stored[final] = self.stored.get(name, "")
            self.stored.pop(name, None)
            forget(backend().replication_groups, name)
        if operation == "DeleteUser":
            forget(backend().users, given["UserId"])


class ElastiCachePlace(MotoPlace):
    """One node, whose data is kept in a snapshot while it is warm."""

    kind = "aws_elasticache"
    operations = {
        "observe": "DescribeReplicationGroups",
        "warm": "CreateUser",
        "activate": "CreateReplicationGroup",
        "deactivate": "DeleteReplicationGroup",
        "decommission": "DeleteUser",
    }
    creating = "CreateUser"
    name_characters_max = 40
    front = FinishingProxy
    proxy: FinishingProxy

    def resource(self, component: str = "web") -> Resource:
        """A group."""
        return Resource("shop", component, OPTIONS)

    def name_of_nothing(self, resource: Resource) -> str:
        """A group that nobody made."""
        return f"arn:aws:elasticache:{REGION}:{DEFAULT_ACCOUNT_ID}:replicationgroup:no-such-group"

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """Half-made is a user that AWS has not done with."""
        if trouble is Trouble.HALF:
            self.proxy.delays = Delays(USER_IS_MADE)
            self.proxy.next("CreateUser", "lose_after")
            return
        super().arrange(call, trouble, resource)

    def tokens(self, resource: Resource) -> list[str]:
        """Of the group, or of what stands for it."""
        name = self.name(resource)
        either = backend().replication_groups.get(name) or backend().users.get(name)
        return [tags_of(either).get(TOKEN, "")] if either else []

    def image(self) -> object:
        """Users, groups and snapshots with their tags, and what is stored in them."""
        standing = {
            (kind, name): (each.status if kind != "snapshot" else each.snapshot_status, tags_of(each))
            for kind, of_kind in (
                ("user", backend().users),
                ("group", backend().replication_groups),
                ("snapshot", backend().snapshots),
            )
            for name, each in of_kind.items()
        }
        return standing, dict(self.proxy.stored)

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand, and AWS has done with it."""
        forget(backend().replication_groups, self.name(resource))
        forget(backend().users, self.name(resource))

    def write_data(self, resource: Resource, text: str) -> None:
        """Set by an application."""
        self.proxy.stored[self.name(resource)] = text

    def data(self, resource: Resource) -> str:
        """Got by an application."""
        return self.proxy.stored.get(self.name(resource), "")


def backend() -> Any:
    """The emulator's own state, which stands in this process."""
    return elasticache_backends[DEFAULT_ACCOUNT_ID][REGION]


def tags_of(resource: Any) -> dict[str, str]:
    """From behind the emulator's back."""
    tags: dict[str, str] = backend().tagging_service.get_tag_dict_for_resource(resource.arn)
    return tags


def forget(of_kind: dict[str, Any], name: str) -> None:
    """A resource that is gone for good, with its tags."""
    gone = of_kind.pop(name, None)
    if gone is not None:
        backend().tagging_service.delete_all_tags_for_resource(gone.arn)

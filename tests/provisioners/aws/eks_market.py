"""What the emulator's node groups lack: tags that can be changed, machines, their failures, and what AWS takes back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from config.instants import Instant, instant_text
from tests.provisioners.aws.delays import Answer
from tests.provisioners.aws.fault_proxy import FaultProxy, operation_of

_XML = {"Content-Type": "text/xml"}
_JSON = {"Content-Type": "application/json"}
PLENTY = 1_000


class Market:
    """How many machines there are to have, by the kind of capacity, `SPOT` or `ON_DEMAND`."""

    def __init__(self) -> None:
        self.supply = {"SPOT": PLENTY, "ON_DEMAND": PLENTY}
        self.failure: dict[str, str] = {}
        """What Auto Scaling says of a failed launch, where machines are short."""
        self.issues: dict[str, tuple[str, str]] = {}
        """Code and message of a health issue of the groups of one kind."""
        self.doomed: set[str] = set()
        """The machines that AWS has marked for termination."""
        self.lost_at: dict[str, Instant] = {}
        """When machines of one kind were last taken away."""
        self.tags: dict[str, dict[str, str]] = {}
        """By ARN, those that were put on a group after it was made."""
        self._groups: dict[str, dict[str, Any]] = {}

    def ready(self, capacity: str, desired: int) -> int:
        """How many of the machines that are asked for are there."""
        return min(desired, self.supply[capacity])

    def completed(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """A group as AWS would describe it, from the emulator's answer."""
        tags = {**group["tags"], **self.tags.get(group["nodegroupArn"], {})}
        shown = {**group, "tags": tags}
        if group["capacityType"] in self.issues and group["scalingConfig"]["desiredSize"]:
            code, message = self.issues[group["capacityType"]]
            shown["health"] = {"issues": [{"code": code, "message": message, "resourceIds": []}]}
            shown["status"] = "DEGRADED" if group["status"] == "ACTIVE" else group["status"]
        for scaling in group["resources"]["autoScalingGroups"]:
            self._groups[scaling["name"]] = shown
        return shown

    def answer(self, operation: str, path: str, body: bytes) -> Answer | None:
        """The market's own answer; None where the emulator has one."""
        tagged = re.fullmatch(r"POST /tags/(.+)", unquote(operation))
        if tagged and ":nodegroup/" in tagged[1]:
            self.tags.setdefault(tagged[1], {}).update(json.loads(body)["tags"])
            return 200, dict(_JSON), b"{}"
        own: dict[str, Callable[[dict[str, list[str]]], str]] = {
            "DescribeAutoScalingGroups": self._scaling_groups,
            "DescribeScalingActivities": self._activities,
            "DescribeSpotInstanceRequests": self._spot_requests,
        }
        if operation not in own:
            return None
        return 200, dict(_XML), own[operation](parse_qs(body.decode())).encode()

    def _scaling_groups(self, asked: dict[str, list[str]]) -> str:
        members = "".join(
            f"<member><AutoScalingGroupName>{name}</AutoScalingGroupName><Instances>{self._instances(name)}</Instances>"
            "</member>"
            for name in _members(asked, "AutoScalingGroupNames")
            if name in self._groups
        )
        return _result("DescribeAutoScalingGroups", f"<AutoScalingGroups>{members}</AutoScalingGroups>")

    def _instances(self, name: str) -> str:
        group = self._groups[name]
        desired = group["scalingConfig"]["desiredSize"]
        return "".join(
            f"<member><InstanceId>{machine_id(group['capacityType'], number)}</InstanceId><HealthStatus>Healthy"
            "</HealthStatus><LifecycleState>InService</LifecycleState></member>"
            for number in range(self.ready(group["capacityType"], desired))
        )

    def _activities(self, asked: dict[str, list[str]]) -> str:
        capacity = self._groups[asked["AutoScalingGroupName"][0]]["capacityType"]
        members = ""
        if capacity in self.failure:
            members += _activity("Launching a new EC2 instance", "Failed", 2**31 * 1_000_000, self.failure[capacity])
        if capacity in self.lost_at:
            members += _activity("Terminating EC2 instance", "Successful", self.lost_at[capacity], "")
        return _result("DescribeScalingActivities", f"<Activities>{members}</Activities>")

    def _spot_requests(self, asked: dict[str, list[str]]) -> str:
        wanted = {value for key, values in asked.items() if ".Value" in key for value in values}
        items = "".join(
            f"<item><instanceId>{machine}</instanceId><state>active</state><status><code>marked-for-termination</code>"
            "</status></item>"
            for machine in sorted(self.doomed & wanted)
        )
        return (
            '<DescribeSpotInstanceRequestsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
            f"<spotInstanceRequestSet>{items}</spotInstanceRequestSet></DescribeSpotInstanceRequestsResponse>"
        )


class MarketProxy(FaultProxy):
    """The proxy for faults, in front of a market in front of the emulator."""

    def __init__(self, upstream_port: int) -> None:
        """A market with plenty."""
        super().__init__(upstream_port)
        self.market = Market()

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        operation = operation_of(request, body)
        with self._lock:
            own = self.market.answer(operation, request.path, body)
        if own is not None:
            return own
        status, headers, content = super()._pass_on(request, body)
        if status < 300 and "/node-groups/" in operation and operation.startswith("GET "):
            group = self.market.completed(json.loads(content)["nodegroup"])
            content = json.dumps({"nodegroup": group}).encode()
        return status, headers, content


def machine_id(capacity: str, number: int) -> str:
    """The id of the n-th machine of a group."""
    return f"i-{capacity.lower().replace('_', '')}{number:03}"


def _members(asked: dict[str, list[str]], key: str) -> list[str]:
    return [values[0] for name, values in asked.items() if name.startswith(f"{key}.member.")]


def _result(action: str, content: str) -> str:
    return (
        f'<{action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><{action}Result>{content}'
        f"</{action}Result><ResponseMetadata><RequestId>market</RequestId></ResponseMetadata></{action}Response>"
    )


def _activity(description: str, code: str, started_at: Instant, message: str) -> str:
    return (
        f"<member><ActivityId>1</ActivityId><Description>{description}: i-1</Description>"
        f"<StartTime>{instant_text(started_at)}</StartTime><StatusCode>{code}</StatusCode>"
        f"<StatusMessage>{escape(message)}</StatusMessage></member>"
    )

"""The node groups of an emulated AWS, with a market for their machines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from adapters.provisioners.aws.eks_node_group.asking import stand_in_name
from adapters.provisioners.aws.tags import TOKEN
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import Trouble, call
from tests.provisioners.aws.delays import STATUS_IN_JSON, Delay, Delays
from tests.provisioners.aws.eks_cluster_place import ROLE
from tests.provisioners.aws.eks_market import MarketProxy
from tests.provisioners.aws.moto_place import REGION, MotoPlace

CLUSTER = "shop"
OPTIONS: dict[str, Any] = {
    "region": REGION,
    "cluster": CLUSTER,
    "role_arn": ROLE,
    "subnets": ["subnet-1", "subnet-2"],
    "instance_types": ["m6i.large", "m5.large"],
    "nodes": 3,
    "nodes_max": 3,
}
GROUPS = f"/clusters/{CLUSTER}/node-groups"
GROUP = f"{GROUPS}/solvent-shop-web"
DEADLINE_S = 601
WAIT_S = 6 * 3_600
LOOKS_MAX = 4
_LOOK = f"GET {GROUPS}/[^/]+"
DELAYS = (
    Delay(f"POST {GROUPS}", _LOOK, STATUS_IN_JSON, r'\g<1>"CREATING"'),
    Delay(f"POST {GROUPS}/[^/]+/update-config", _LOOK, STATUS_IN_JSON, r'\g<1>"UPDATING"'),
    Delay(f"DELETE {GROUPS}/[^/]+", _LOOK, STATUS_IN_JSON, r'\g<1>"DELETING"', removes=True),
)


class EksNodeGroupPlace(MotoPlace):
    """Node groups of one cluster; every change is under way for one look."""

    kind = "aws_eks_node_group"
    operations = {
        "observe": f"GET {GROUP}",
        "warm": f"POST {GROUPS}",
        "deactivate": f"POST {GROUP}/update-config",
        "decommission": f"DELETE {GROUP}",
    }
    operations_last = {"activate": f"POST {GROUP}/update-config"}
    half = (f"POST {GROUPS}", "lose_after")
    creating = f"POST {GROUPS}"
    name_characters_max = 60
    front = MarketProxy

    def __init__(self, port: int) -> None:
        """An account with a cluster, and a market with plenty of machines."""
        super().__init__(port)
        assert isinstance(self.proxy, MarketProxy)
        self.market = self.proxy.market
        self.proxy.delays = Delays(*DELAYS)

    def reset(self) -> None:
        """Empty the account but for the cluster."""
        super().reset()
        network = {"subnetIds": ["subnet-1", "subnet-2"]}
        self.direct("eks").create_cluster(name=CLUSTER, roleArn=ROLE, resourcesVpcConfig=network, version="1.33")

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """Activation begins with a tag; where only an answer is lost, the work is over by the time of the next look."""
        if trouble is Trouble.LOST_AFTER:
            self.proxy.delays.looks = 0
        groups = self.groups()
        if call == "activate" and self.name(resource) in groups:
            arn = quote(groups[self.name(resource)]["nodegroupArn"], safe="")
            self.operations = {**type(self).operations, "activate": f"POST /tags/{arn}"}
        super().arrange(call, trouble, resource)

    def resource(self, component: str = "web", **more: Any) -> Resource:
        """Three nodes on spot, else on demand."""
        return Resource("shop", component, {**OPTIONS, **more})

    def tokens(self, resource: Resource) -> list[str]:
        """Of the component's groups: a stand-in is none of its own."""
        names = (self.name(resource), stand_in_name(self.name(resource)))
        groups = self.groups()
        return sorted({groups[name]["tags"].get(TOKEN, "") for name in names if name in groups})

    def groups(self) -> dict[str, dict[str, Any]]:
        """All node groups by name, as AWS describes them."""
        eks = self.direct("eks")
        names = eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"]
        found = {name: eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName=name)["nodegroup"] for name in names}
        return {name: self.market.completed(group) for name, group in found.items()}

    def image(self) -> object:
        """Node groups as AWS describes them."""
        return self.groups()

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand."""
        self.direct("eks").delete_nodegroup(clusterName=CLUSTER, nodegroupName=self.name(resource))

    def write_data(self, resource: Resource, text: str) -> None:
        """A node keeps nothing: it goes with deactivation."""
        pytest.skip("the disks of nodes go with the nodes, so there is no data that could be kept")

    def data(self, resource: Resource) -> str:
        """Nothing."""
        return ""


async def settled(place: EksNodeGroupPlace, resource: Resource) -> Observation:
    """The look that shows EKS at rest; where spot is waited for, the last one."""
    observer = place.observer()
    seen = await observer.observe(resource)
    for _ in range(LOOKS_MAX):
        if seen.state is not ResourceState.CHANGING:
            break
        seen = await observer.observe(resource)
    return seen


async def begin(place: EksNodeGroupPlace, resource: Resource) -> Observation:
    """Activate once, as far as EKS gets by itself."""
    assert isinstance(await place.provisioner().take(Step.ACTIVATE, place.order(resource)), StepBegun)
    return await settled(place, resource)


async def on_demand(place: EksNodeGroupPlace) -> Resource:
    """A component for which spot had nothing, running on its stand-in."""
    resource = place.resource()
    place.market.supply["SPOT"] = 0
    await place.walk(resource, "warm")
    await begin(place, resource)
    place.advance(DEADLINE_S)
    await call(place.provisioner(), "activate", place.order(resource))
    return resource

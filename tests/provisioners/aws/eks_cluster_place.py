"""The control planes of an emulated AWS."""

from __future__ import annotations

import pytest

from adapters.provisioners.aws.tags import TOKEN
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.delays import STATUS_IN_JSON, Delay, Delays
from tests.provisioners.aws.moto_place import REGION, MotoPlace

ROLE = "arn:aws:iam::123456789012:role/eks"
OPTIONS = {"region": REGION, "role_arn": ROLE, "subnets": ["subnet-1", "subnet-2"], "version": "1.33"}
CLUSTER = "solvent-shop-web"
TAGS = f"POST /tags/arn%3Aaws%3Aeks%3A{REGION}%3A123456789012%3Acluster%2F{CLUSTER}"
_LOOK = "GET /clusters/[^/]+"
DELAYS = (
    Delay("POST /clusters", _LOOK, STATUS_IN_JSON, r'\g<1>"CREATING"'),
    Delay("DELETE /clusters/[^/]+", _LOOK, STATUS_IN_JSON, r'\g<1>"DELETING"', removes=True),
)


class EksClusterPlace(MotoPlace):
    """Control planes that are made and removed a look later than they were asked for."""

    kind = "aws_eks_cluster"
    operations = {
        "observe": f"GET /clusters/{CLUSTER}",
        "warm": "POST /clusters",
        "activate": TAGS,
        "deactivate": TAGS,
        "decommission": f"DELETE /clusters/{CLUSTER}",
    }
    half = ("POST /clusters", "lose_after")
    creating = "POST /clusters"
    name_characters_max = 100

    def __init__(self, port: int) -> None:
        """An empty account."""
        super().__init__(port)
        self.proxy.delays = Delays(*DELAYS)

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """Where only the answer is lost, the work is over by the time of the next look; half-made it is not."""
        if trouble is Trouble.LOST_AFTER:
            self.proxy.delays.looks = 0
        super().arrange(call, trouble, resource)

    def resource(self, component: str = "web") -> Resource:
        """A control plane."""
        return Resource("shop", component, OPTIONS)

    def tokens(self, resource: Resource) -> list[str]:
        """Of the one cluster."""
        return [
            cluster["tags"].get(TOKEN, "") for name, cluster in self._clusters().items() if name == self.name(resource)
        ]

    def image(self) -> object:
        """Clusters as AWS describes them."""
        return self._clusters()

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand."""
        self.direct("eks").delete_cluster(name=self.name(resource))

    def write_data(self, resource: Resource, text: str) -> None:
        """The emulator's clusters run nothing that could store it."""
        pytest.skip("an emulated control plane has no Kubernetes in it that could store anything")

    def data(self, resource: Resource) -> str:
        """Nothing."""
        return ""

    def _clusters(self) -> dict[str, dict[str, object]]:
        eks = self.direct("eks")
        return {name: eks.describe_cluster(name=name)["cluster"] for name in eks.list_clusters()["clusters"]}

"""Load balancers of an emulated AWS."""

from __future__ import annotations

from typing import Any, Self

import pytest

from adapters.provisioners.aws.tags import COMPONENT, TOKEN, mapped
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.moto_place import REGION, MotoPlace

SECURE = {"protocol": "HTTPS", "port": 443, "redirect_http": True}
_UNANSWERED = {Trouble.LOST_BEFORE, Trouble.LOST_AFTER, Trouble.HALF, Trouble.SLOW}
CODE = r"<Code>[a-z_]+</Code>"
LOOK = "DescribeLoadBalancers"
DELAYS = (
    Delay("CreateLoadBalancer", LOOK, CODE, "<Code>provisioning</Code>"),
    Delay("DeleteLoadBalancer", LOOK, CODE, "<Code>active</Code>", removes=True),
)


class LoadBalancerPlace(MotoPlace):
    """Load balancers in the default VPC; what they keep is a tag of the target group."""

    kind = "aws_load_balancer"
    operations = {
        "observe": "DescribeTargetGroups",
        "warm": "CreateTargetGroup",
        "activate": "CreateLoadBalancer",
        "deactivate": "DeleteLoadBalancer",
        "decommission": "DeleteTargetGroup",
    }
    operations_last = {"activate": "CreateListener"}
    creating = "CreateTargetGroup"
    name_characters_max = 32
    options: dict[str, Any]

    def __enter__(self) -> Self:
        super().__enter__()
        self.proxy.delays = Delays(*DELAYS, looks=2)
        ec2 = self.direct("ec2")
        (vpc,) = ec2.describe_vpcs()["Vpcs"]
        subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
        group = ec2.create_security_group(GroupName="shop", Description="shop", VpcId=vpc["VpcId"])["GroupId"]
        self.options = {
            "region": REGION,
            "vpc": vpc["VpcId"],
            "subnets": subnets[:2],
            "security_groups": [group],
            "target_port": 8080,
            "health_check_path": "/healthz",
        }
        return self

    def resource(self, component: str = "web") -> Resource:
        """One that serves HTTP."""
        return self.resource_with(component)

    def resource_with(self, component: str = "web", **options: Any) -> Resource:
        """One with other options."""
        return Resource("shop", component, {**self.options, **options})

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """One call makes a target group. After a lost answer the contract looks at once, so AWS is quick then."""
        if trouble is Trouble.HALF:
            pytest.skip("a target group is made with its tags by one call, so it is never half-made")
        if trouble in _UNANSWERED:
            self.proxy.delays.looks = 0
        super().arrange(call, trouble, resource)

    def tokens(self, resource: Resource) -> list[str]:
        """Of target groups, and of load balancers that stand without one."""
        found = {on_it.get(TOKEN, "") for on_it in self.tags().values() if on_it.get(COMPONENT) == resource.component}
        return sorted(found)

    def image(self) -> object:
        """Target groups, load balancers, listeners and tags."""
        elb = self.direct("elbv2")
        balancers = self.balancers()
        listeners = [
            each
            for balancer in balancers
            for each in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        ]
        return self.groups(), balancers, listeners, self.tags()

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand, both."""
        elb = self.direct("elbv2")
        for balancer in self.balancers():
            elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        elb.delete_target_group(TargetGroupArn=self.group(resource)["TargetGroupArn"])

    def write_data(self, resource: Resource, text: str) -> None:
        """A tag of the target group."""
        arn = self.group(resource)["TargetGroupArn"]
        self.direct("elbv2").add_tags(ResourceArns=[arn], Tags=[{"Key": "data", "Value": text}])

    def data(self, resource: Resource) -> str:
        """The same tag."""
        return self.tags()[self.group(resource)["TargetGroupArn"]].get("data", "")

    def group(self, resource: Resource) -> Any:
        """The component's target group."""
        return next(each for each in self.groups() if each["TargetGroupName"] == self.name(resource))

    def balancer(self) -> Any:
        """The only load balancer."""
        (balancer,) = self.balancers()
        return balancer

    def listeners(self) -> list[Any]:
        """Those of the only load balancer."""
        arn = self.balancer()["LoadBalancerArn"]
        return list(self.direct("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"])

    def groups(self) -> list[Any]:
        """All of them."""
        return list(self.direct("elbv2").describe_target_groups()["TargetGroups"])

    def balancers(self) -> list[Any]:
        """All of them."""
        return list(self.direct("elbv2").describe_load_balancers()["LoadBalancers"])

    def tags(self) -> dict[str, dict[str, str]]:
        """By ARN."""
        arns = [each["TargetGroupArn"] for each in self.groups()]
        arns += [each["LoadBalancerArn"] for each in self.balancers()]
        if not arns:
            return {}
        answer = self.direct("elbv2").describe_tags(ResourceArns=arns)
        return {each["ResourceArn"]: mapped(each["Tags"]) for each in answer["TagDescriptions"]}

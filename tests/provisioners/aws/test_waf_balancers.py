"""A web ACL protects a load balancer by its name: its ARN is another one whenever it is made again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Transient
from machines.ports.provisioner import Resource
from tests.provisioners.aws.moto_place import REGION
from tests.provisioners.aws.waf_place import WafPlace

NAME = "solvent-shop-front"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[WafPlace]:
    """An empty account."""
    with WafPlace(moto_port) as place:
        yield place
        await place.end()


def front_made(place: WafPlace) -> str:
    """A load balancer of that name; its ARN."""
    subnets = place.direct("ec2").describe_subnets()["Subnets"][:2]
    made = place.direct("elbv2").create_load_balancer(Name=NAME, Subnets=[each["SubnetId"] for each in subnets])
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def wall(resource: str = f"load-balancer/{NAME}") -> Resource:
    """A web ACL in front of it."""
    return Resource("shop", "wall", {"region": REGION, "resources": [resource]})


@pytest.mark.parametrize("resource", [f"load-balancer/{NAME}", "component/front"])
async def test_a_load_balancer_is_found_by_its_name(place: WafPlace, resource: str) -> None:
    """By its own or its component's it is found, protected while hot, and let go of when warm."""
    arn = front_made(place)
    await place.walk(wall(resource), "warm", "activate")
    protected = place.direct("wafv2").get_web_acl_for_resource(ResourceArn=arn).get("WebACL")
    await place.walk(wall(resource), "deactivate")

    assert place.name(wall(resource)) == protected["Name"]
    assert "WebACL" not in place.direct("wafv2").get_web_acl_for_resource(ResourceArn=arn)


async def test_one_that_is_not_there_is_waited_for(place: WafPlace) -> None:
    """Activation is tried again later, and says what it waits for."""
    await place.walk(wall(), "warm")

    with pytest.raises(Transient, match=f"load-balancer/{NAME} is not there"):
        await place.provisioner().take(Step.ACTIVATE, place.order(wall()))

    assert ResourceState.WARM is (await place.observer().observe(wall())).state

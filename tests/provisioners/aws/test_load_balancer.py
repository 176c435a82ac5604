"""What is a load balancer's own: its listeners, its phases, drift, and what cannot be changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from adapters.provisioners.aws.load_balancer.wishes import TLS_POLICY
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.load_balancer_place import CODE, LOOK, SECURE, LoadBalancerPlace
from tests.provisioners.aws.moto_place import REGION
from tests.provisioners.aws.replay import Replay

OTHER_TOKEN = "svanothertoken000000000000000001"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[LoadBalancerPlace]:
    """An empty account where AWS takes its time."""
    with LoadBalancerPlace(moto_port) as place:
        yield place
        await place.end()


def shown(code: str) -> Delays:
    """Every look at the load balancer shows this state."""
    return Delays(Delay("CreateListener", LOOK, CODE, f"<Code>{code}</Code>"), looks=1_000)


async def test_activation_begins_and_is_looked_at(place: LoadBalancerPlace) -> None:
    """While AWS provisions it is CHANGING; then it is hot with its listener, and says its address."""
    resource = place.resource()
    await place.walk(resource, "warm")

    answer = await place.provisioner().take(Step.ACTIVATE, place.order(resource))
    changing = await place.observer().observe(resource)
    hot = await place.observer().observe(resource)

    assert isinstance(answer, StepBegun)
    assert (ResourceState.CHANGING, ResourceState.HOT) == (changing.state, hot.state)
    assert hot.detail == place.balancer()["DNSName"]


async def test_a_step_waits_for_what_aws_makes(place: LoadBalancerPlace) -> None:
    """While it is provisioned, no other step is taken."""
    place.proxy.delays.looks = 9
    await place.walk(place.resource(), "warm")
    await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))

    with pytest.raises(Ambiguous, match="still changing"):
        await place.provisioner().take(Step.DEACTIVATE, place.order(place.resource()))


async def test_deactivation_is_over_when_it_is_gone(place: LoadBalancerPlace) -> None:
    """Where a look still shows what was deleted, deleting it once more ends the step."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.proxy.delays.looks = 3

    answer = await place.provisioner().take(Step.DEACTIVATE, place.order(resource))
    seen = await place.observer().observe(resource)
    place.proxy.delays.looks = 0
    await place.walk(resource, "deactivate")

    assert isinstance(answer, StepBegun)
    assert seen.state is ResourceState.BROKEN
    assert ([], 1) == (place.balancers(), len(place.groups()))
    assert (await place.observer().observe(resource)).state is ResourceState.WARM


async def test_a_lost_listener_is_made_by_the_same_step(place: LoadBalancerPlace) -> None:
    """A load balancer without listener is half-made; activating again completes that very one."""
    place.proxy.delays = Delays()
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next("CreateListener", "lose_before")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))
    half = await place.observer().observe(resource)
    (made,) = place.balancers()

    await place.walk(resource, "activate")

    assert half.state is ResourceState.BROKEN
    assert (made["LoadBalancerArn"], 1) == (place.balancer()["LoadBalancerArn"], len(place.listeners()))


async def test_half_made_it_can_be_taken_back(place: LoadBalancerPlace) -> None:
    """Deactivating removes a load balancer that never got its listener."""
    place.proxy.delays = Delays()
    await place.walk(place.resource(), "warm")
    place.proxy.next("CreateListener", "lose_before")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))

    await place.walk(place.resource(), "deactivate")

    assert place.balancers() == []


async def test_a_failed_one_is_made_anew(place: LoadBalancerPlace) -> None:
    """What AWS could not make is broken, and activation deletes it to begin again."""
    await place.walk(place.resource(), "warm")
    place.proxy.delays = shown("failed")
    await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))
    failed = await place.observer().observe(place.resource())
    (before,) = place.balancers()

    begun = await place.provisioner().take(Step.ACTIVATE, place.order(place.resource()))
    place.proxy.delays = Delays()
    await place.walk(place.resource(), "activate")

    assert isinstance(begun, StepBegun)
    assert failed.state is ResourceState.BROKEN
    assert "is failed" in failed.detail
    assert place.balancer()["LoadBalancerArn"] != before["LoadBalancerArn"]


async def test_an_impaired_one_serves(place: LoadBalancerPlace) -> None:
    """AWS's active_impaired is hot, and told."""
    await place.walk(place.resource(), "warm")
    place.proxy.delays = shown("active_impaired")
    await place.walk(place.resource(), "activate")

    seen = await place.observer().observe(place.resource())

    assert seen.state is ResourceState.HOT
    assert "active_impaired" in seen.detail


async def test_https_with_a_redirect(place: LoadBalancerPlace) -> None:
    """The certificate's listener forwards, and port 80 leads to it; both stand as wished."""
    certificate = place.direct("acm").request_certificate(DomainName="shop.example.com")["CertificateArn"]
    resource = place.resource_with(**{**SECURE, "certificate_arn": certificate})
    await place.walk(resource, "warm", "activate")

    listeners = {each["Port"]: each for each in place.listeners()}

    seen = await place.observer().observe(resource)
    redirect = listeners[80]["DefaultActions"][0]["RedirectConfig"]
    assert [{"CertificateArn": certificate}] == listeners[443]["Certificates"]
    assert (TLS_POLICY, "forward") == (listeners[443]["SslPolicy"], listeners[443]["DefaultActions"][0]["Type"])
    assert ("HTTPS", "443", "HTTP_301") == (redirect["Protocol"], redirect["Port"], redirect["StatusCode"])
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)


async def test_drift_is_seen_and_put_right(place: LoadBalancerPlace) -> None:
    """Subnets, security groups, health check and listener are put right by activating again."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    elb, ec2 = place.direct("elbv2"), place.direct("ec2")
    arn = place.balancer()["LoadBalancerArn"]
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=place.options["vpc"])["GroupId"]
    elb.set_subnets(LoadBalancerArn=arn, Subnets=subnets[1:])
    elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])
    elb.modify_target_group(TargetGroupArn=place.group(resource)["TargetGroupArn"], HealthCheckPath="/other")
    fixed: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    elb.modify_listener(ListenerArn=place.listeners()[0]["ListenerArn"], DefaultActions=[fixed])
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, 4) == (drifted.state, len(drifted.differences))
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)


async def test_a_listener_of_somebody_else_is_left_alone(place: LoadBalancerPlace) -> None:
    """One on another port is neither a difference nor touched."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    action: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    arn = place.balancer()["LoadBalancerArn"]
    place.direct("elbv2").create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=9000, DefaultActions=[action])

    seen = await place.observer().observe(resource)
    await place.walk(resource, "activate")

    assert (ResourceState.HOT, (), 2) == (seen.state, seen.differences, len(place.listeners()))


async def moved(place: LoadBalancerPlace, **options: Any) -> tuple[ResourceState, Sequence[str], list[int]]:
    """After a change of options: state, differences while the listeners of both stand, and ports in the end."""
    wished = place.resource_with(**options)
    place.proxy.next("DeleteListener", Refusal("ServiceUnavailable", 503))
    with pytest.raises(Transient):
        await place.provisioner().take(Step.ACTIVATE, place.order(wished))
    seen = await place.observer().observe(wished)
    await place.walk(wished, "activate")
    assert (await place.observer().observe(wished)).differences == ()
    return seen.state, seen.differences, sorted(each["Port"] for each in place.listeners())


async def test_the_listener_of_an_earlier_port_goes(place: LoadBalancerPlace) -> None:
    """Where HTTP became HTTPS, the old listener does not go on in clear: it is a difference, and deleted."""
    await place.walk(place.resource(), "warm", "activate")
    certificate = place.direct("acm").request_certificate(DomainName="shop.example.com")["CertificateArn"]
    wished = {**SECURE, "certificate_arn": certificate, "redirect_http": False}

    state, differences, ports = await moved(place, **wished)

    assert (state, ports) == (ResourceState.HOT, [443])
    assert list(differences) == ["the listener on port 80 is one of earlier options, these wish none there"]


async def test_a_redirect_that_is_wished_no_more_goes(place: LoadBalancerPlace) -> None:
    """Only what solvent made goes: an operator's own listener stays beside the one that serves."""
    certificate = place.direct("acm").request_certificate(DomainName="shop.example.com")["CertificateArn"]
    await place.walk(place.resource_with(**SECURE, certificate_arn=certificate), "warm", "activate")
    action: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    arn = place.balancer()["LoadBalancerArn"]
    place.direct("elbv2").create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=9000, DefaultActions=[action])
    wished = {**SECURE, "certificate_arn": certificate, "redirect_http": False}

    state, differences, ports = await moved(place, **wished)

    assert (state, len(differences), ports) == (ResourceState.HOT, 1, [443, 9000])


@pytest.mark.parametrize(
    ("changed", "steps", "advice"),
    [
        ({"target_port": 9090}, ("warm",), "decommission it and warm it again"),
        ({"scheme": "internal"}, ("warm", "activate"), "deactivate it and activate it again"),
    ],
)
async def test_what_cannot_be_changed_is_said(
    place: LoadBalancerPlace, changed: dict[str, Any], steps: tuple[str, ...], advice: str
) -> None:
    """Such a difference is refused for good, with how it is made anew; nothing is touched."""
    await place.walk(place.resource(), *steps)
    image = place.image()

    with pytest.raises(Permanent, match=advice):
        await place.provisioner().take(Step.ACTIVATE, place.order(place.resource_with(**changed)))

    assert image == place.image()


async def test_targets_stay_registered_while_warm(place: LoadBalancerPlace) -> None:
    """The target group keeps its targets when the load balancer goes, and serves them when it comes back."""
    resource = place.resource_with(target_type="ip")
    await place.walk(resource, "warm", "activate")
    elb, arn = place.direct("elbv2"), place.group(resource)["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.10", "Port": 8080}])

    await place.walk(resource, "deactivate", "activate")

    (target,) = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert (arn, "172.31.0.10") == (place.group(resource)["TargetGroupArn"], target["Target"]["Id"])


async def test_a_name_taken_meanwhile_is_looked_at(place: LoadBalancerPlace) -> None:
    """A rival's target group made between look and act is found by the next look, and not ours."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("DescribeTargetGroups", Refusal("TargetGroupNotFound"))

    with pytest.raises(Permanent, match=TOKEN):
        await place.provisioner().take(Step.WARM, place.order(place.resource(), OTHER_TOKEN))

    assert place.tokens(place.resource()) == [TOKEN]


async def test_a_rivals_target_group_is_not_taken_for_ours() -> None:
    """AWS confirms a name that exists with the same settings as if it had made it; its token says whose it is."""
    options = {"region": REGION, "vpc": "vpc-0123abcd", "target_port": 8080}
    resource = Resource("shop", "web", options)
    with Replay("load_balancer_rival") as replay:
        async with replay.provisioner("aws_load_balancer") as provisioner:
            with pytest.raises(Permanent, match=OTHER_TOKEN):
                await provisioner.take(Step.WARM, replay.order(resource))

    assert replay.left == []


async def test_a_target_group_in_use_is_waited_for(place: LoadBalancerPlace) -> None:
    """AWS lets go of a deleted load balancer's target group only after a while."""
    await place.walk(place.resource(), "warm")
    place.proxy.next("DeleteTargetGroup", Refusal("ResourceInUse"))

    with pytest.raises(Transient, match="is in use by"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(place.resource()))


async def test_deletion_protection_is_somebodys_word(place: LoadBalancerPlace) -> None:
    """A protected load balancer stays, and the sentence says to switch that off."""
    await place.walk(place.resource(), "warm", "activate")
    place.proxy.next("DeleteLoadBalancer", Refusal("OperationNotPermitted"))

    with pytest.raises(Permanent, match="deletion protection"):
        await place.provisioner().take(Step.DEACTIVATE, place.order(place.resource()))


async def test_none_is_adopted(place: LoadBalancerPlace) -> None:
    """A named one is refused for looks and steps: deactivating it would lose its address."""
    arn = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:loadbalancer/app/front/50dc6c495c0c9188"
    resource = Resource("shop", "web", place.options, name=arn)

    with pytest.raises(Permanent, match="no load balancer is adopted"):
        await place.observer().observe(resource)


async def test_orphans_are_removed_load_balancer_first(place: LoadBalancerPlace) -> None:
    """Both parts are listed in the order in which they can be removed."""
    place.proxy.delays = Delays()
    await place.walk(place.resource(), "warm", "activate")
    listed = await place.provisioner().list_resources("shop", (place.resource(),))

    for found in listed:
        await place.provisioner().remove(found, Mandate())

    assert [":loadbalancer/" in each.name for each in listed] == [True, False]
    assert ([], []) == (place.balancers(), place.groups())

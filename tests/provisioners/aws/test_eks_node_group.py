"""What is a node group's own: spot and its stand-in on demand, interruptions, refusals, adoption, and its options."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.provisioners.registry import preflight_of
from config.instants import SECOND
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.aws.delays import STATUS_IN_JSON, Delay, Delays
from tests.provisioners.aws.eks_cluster_place import ROLE
from tests.provisioners.aws.eks_market import machine_id
from tests.provisioners.aws.eks_node_group_place import (
    CLUSTER,
    DEADLINE_S,
    GROUPS,
    OPTIONS,
    WAIT_S,
    EksNodeGroupPlace,
    begin,
    on_demand,
    settled,
)
from tests.provisioners.aws.fault_proxy import Refusal

NAME = "solvent-shop-web"
STAND_IN = f"{NAME}-od"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[EksNodeGroupPlace]:
    """A cluster without node groups."""
    with EksNodeGroupPlace(moto_port) as place:
        yield place
        await place.end()


async def test_a_short_market_is_waited_for(place: EksNodeGroupPlace) -> None:
    """Until the deadline the look says how many nodes there are, why, and when on demand follows."""
    resource = place.resource()
    place.market.supply["SPOT"] = 1
    place.market.failure["SPOT"] = "Could not launch Spot Instances. InsufficientInstanceCapacity - none of m6i.large"
    await place.walk(resource, "warm")

    seen = await begin(place, resource)

    assert (ResourceState.CHANGING, (TOKEN,), 30.0) == (seen.state, seen.tokens, seen.look_after_s)
    assert "1 of 3 nodes are ready" in seen.detail
    assert "InsufficientInstanceCapacity" in seen.detail
    assert "on demand follows after 2024-01-01T00:10" in seen.detail


@pytest.mark.parametrize(("ready", "state"), [(0, ResourceState.BROKEN), (1, ResourceState.HOT)])
async def test_after_the_deadline_on_demand_takes_over(
    place: EksNodeGroupPlace, ready: int, state: ResourceState
) -> None:
    """What is short is to be activated again, which makes a stand-in first and then lets spot go."""
    resource = place.resource()
    place.market.supply["SPOT"] = ready
    await place.walk(resource, "warm")
    await begin(place, resource)
    place.advance(DEADLINE_S)
    late = await place.observer().observe(resource)

    await call(place.provisioner(), "activate", place.order(resource))

    seen, groups = await place.observer().observe(resource), place.groups()
    assert (state, ready) == (late.state, len(late.differences) if ready else 0)
    assert (ResourceState.HOT, (TOKEN,), ()) == (seen.state, seen.tokens, seen.differences)
    assert ("ON_DEMAND", 3) == (groups[STAND_IN]["capacityType"], groups[STAND_IN]["scalingConfig"]["desiredSize"])
    assert groups[NAME]["scalingConfig"]["desiredSize"] == 0
    assert [TOKEN] == place.tokens(resource)


async def test_spot_stays_asked_until_the_stand_in_serves(place: EksNodeGroupPlace) -> None:
    """Make before break: while machines on demand are missing too, nobody is let go."""
    resource = place.resource()
    place.market.supply = {"SPOT": 1, "ON_DEMAND": 2}
    await place.walk(resource, "warm")
    await begin(place, resource)
    place.advance(DEADLINE_S)

    seen = await begin(place, resource)

    desired = {name: group["scalingConfig"]["desiredSize"] for name, group in place.groups().items()}
    assert {NAME: 3, STAND_IN: 3} == desired
    assert ResourceState.CHANGING is seen.state


async def test_a_lost_answer_leaves_one_stand_in(place: EksNodeGroupPlace) -> None:
    """A daemon that dies while it falls back is followed by one that finds the stand-in and goes on."""
    resource = place.resource()
    place.market.supply["SPOT"] = 0
    await place.walk(resource, "warm")
    await begin(place, resource)
    place.advance(DEADLINE_S)
    place.proxy.next(f"POST {GROUPS}", "lose_after")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))
    await settled(place, resource)

    await call(place.provisioner(), "activate", place.order(resource))

    assert {NAME, STAND_IN} == set(place.groups())
    assert (await place.observer().observe(resource)).differences == ()


async def test_a_degraded_group_is_asked_like_any_other(place: EksNodeGroupPlace) -> None:
    """EKS calls a group degraded until all its nodes came: an old quota's issue does not end a return at once."""
    place.market.issues["SPOT"] = ("AsgInstanceLaunchFailures", "MaxSpotInstanceCountExceeded")
    resource = await on_demand(place)
    place.advance(WAIT_S)
    place.market.supply["SPOT"] = 1

    trying = await begin(place, resource)

    assert ResourceState.CHANGING is trying.state
    assert "1 of 3 nodes are ready" in trying.detail


async def test_a_return_is_due_after_the_wait(place: EksNodeGroupPlace) -> None:
    """The difference says since when it runs on demand; activating again moves it back to spot."""
    resource = await on_demand(place)
    place.market.supply["SPOT"] = 3
    early = await place.observer().observe(resource)
    place.advance(WAIT_S)
    due = await place.observer().observe(resource)

    await call(place.provisioner(), "activate", place.order(resource))

    seen, groups = await place.observer().observe(resource), place.groups()
    assert (ResourceState.HOT, ()) == (early.state, early.differences)
    assert (ResourceState.HOT, 1) == (due.state, len(due.differences))
    assert "a return to spot is due" in due.differences[0]
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert {NAME: 3} == {name: group["scalingConfig"]["desiredSize"] for name, group in groups.items()}


async def test_a_failed_return_doubles_the_wait(place: EksNodeGroupPlace) -> None:
    """Spot that disappoints again is let go, and the next try waits twice as long; the tags remember."""
    resource = await on_demand(place)
    place.advance(WAIT_S)
    trying = await begin(place, resource)
    place.advance(DEADLINE_S)
    await call(place.provisioner(), "activate", place.order(resource))
    place.advance(WAIT_S)
    too_early = await place.observer().observe(resource)
    place.advance(WAIT_S)

    due = await place.observer().observe(resource)

    assert ResourceState.CHANGING is trying.state
    assert (ResourceState.HOT, ()) == (too_early.state, too_early.differences)
    assert "a return to spot is due" in due.differences[0]
    assert place.groups()[NAME]["tags"]["solvent:doublings"] == "1"


async def test_an_interruption_is_announced(place: EksNodeGroupPlace) -> None:
    """A node that AWS marked for termination still serves; the look names it and asks for another one soon."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.market.doomed = {machine_id("SPOT", 1)}

    seen = await place.observer().observe(resource)

    assert (ResourceState.HOT, (), 30.0) == (seen.state, seen.differences, seen.look_after_s)
    assert "1 of its spot nodes are marked for termination" in seen.detail


async def test_nodes_that_are_not_replaced_are_made_up_for(place: EksNodeGroupPlace) -> None:
    """What AWS took back may come again until the deadline, counted from the loss; then on demand takes over."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.advance(WAIT_S)
    place.market.supply["SPOT"] = 2
    place.market.lost_at["SPOT"] = place.clock.wall() // SECOND * SECOND
    waiting = await place.observer().observe(resource)
    place.advance(DEADLINE_S)
    late = await place.observer().observe(resource)

    await call(place.provisioner(), "activate", place.order(resource))

    assert (ResourceState.HOT, ()) == (waiting.state, waiting.differences)
    assert "on demand is due" in late.differences[0]
    assert {NAME, STAND_IN} == set(place.groups())


async def test_a_spent_spot_quota_falls_back_at_once(place: EksNodeGroupPlace) -> None:
    """Waiting does not help against a quota, machines on demand do."""
    resource = place.resource()
    place.market.supply["SPOT"] = 0
    place.market.failure["SPOT"] = "MaxSpotInstanceCountExceeded - Max spot instance count exceeded"
    await place.walk(resource, "warm")

    await place.walk(resource, "activate")

    assert {NAME, STAND_IN} == set(place.groups())


@pytest.mark.parametrize(
    ("capacity", "message"),
    [("spot", "MaxSpotInstanceCountExceeded"), ("spot_then_on_demand", "You are not authorized: AccessDenied")],
)
async def test_what_no_waiting_helps_against_is_refused_for_good(
    place: EksNodeGroupPlace, capacity: str, message: str
) -> None:
    """A quota without a way back, and missing rights in any case: the sentence has AWS's own words."""
    resource = place.resource(capacity=capacity)
    place.market.supply["SPOT"] = 0
    place.market.failure["SPOT"] = message
    await place.walk(resource, "warm")
    seen = await begin(place, resource)

    with pytest.raises(Permanent, match=message):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))

    assert ResourceState.BROKEN is seen.state


async def test_spot_alone_says_what_helps(place: EksNodeGroupPlace) -> None:
    """Without a way back, a market without machines is refused for now with what one could do."""
    resource = place.resource(capacity="spot")
    place.market.supply["SPOT"] = 0
    await place.walk(resource, "warm")
    await begin(place, resource)
    place.advance(DEADLINE_S)

    with pytest.raises(Transient, match="name more instance types"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))


async def test_deactivating_lets_both_go(place: EksNodeGroupPlace) -> None:
    """Warm has no nodes and no stand-in; decommissioned there is nothing left."""
    resource = await on_demand(place)

    await place.walk(resource, "deactivate")
    warm = place.groups()
    await place.walk(resource, "decommission")

    assert {NAME: 0} == {name: group["scalingConfig"]["desiredSize"] for name, group in warm.items()}
    assert place.groups() == {}


async def test_a_stand_in_that_lost_its_group_is_half_made(place: EksNodeGroupPlace) -> None:
    """Where somebody deleted the first group, the stand-in goes on serving and activating makes the first one anew."""
    resource = await on_demand(place)
    place.vanish(resource)
    seen = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    assert (ResourceState.BROKEN, (TOKEN,)) == (seen.state, seen.tokens)
    desired = {name: group["scalingConfig"]["desiredSize"] for name, group in place.groups().items()}
    assert {NAME: 0, STAND_IN: 3} == desired


async def test_another_token_goes_onto_both(place: EksNodeGroupPlace) -> None:
    """Taken over by another generation, the pair is still one resource."""
    resource = await on_demand(place)
    token = "svanothertoken000000000000000001"

    await call(place.provisioner(), "activate", place.order(resource, token, generation=2))

    assert [token] == place.tokens(resource)
    assert (token,) == (await place.observer().observe(resource)).tokens


async def test_both_groups_are_listed_and_removed_each_alone(place: EksNodeGroupPlace) -> None:
    """Nothing that costs is hidden in the list, and an order to remove one leaves the other."""
    resource = await on_demand(place)
    listed = await place.observer().list_resources("shop", (resource,))

    await place.provisioner().remove(next(found for found in listed if f"/{STAND_IN}/" in found.name), Mandate())

    assert [("web", TOKEN)] * 2 == [(found.component, found.token) for found in listed]
    assert {NAME} == set(place.groups())


async def test_an_adopted_group_is_hot_and_takes_the_token(place: EksNodeGroupPlace) -> None:
    """A group with nodes that solvent did not make serves; activating it by its ARN puts the token on it."""
    made = place.direct("eks").create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName="workers",
        nodeRole=ROLE,
        subnets=["subnet-1", "subnet-2"],
        instanceTypes=OPTIONS["instance_types"],
        scalingConfig={"minSize": 3, "maxSize": 3, "desiredSize": 3},
    )["nodegroup"]
    resource = Resource("shop", "web", OPTIONS, name=made["nodegroupArn"])
    before = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, ("",)) == (before.state, before.tokens)
    assert (ResourceState.HOT, (TOKEN,)) == (seen.state, seen.tokens)


async def test_a_group_adopted_in_another_cluster_is_refused(place: EksNodeGroupPlace) -> None:
    """The ARN and the options name two clusters: both are in the sentence."""
    arn = "arn:aws:eks:eu-central-1:123456789012:nodegroup/team/workers/1baf5dd5"

    with pytest.raises(Permanent, match=r"team/workers.*cluster shop"):
        await place.observer().observe(Resource("shop", "web", OPTIONS, name=arn))


async def test_labels_and_taints_are_put_right(place: EksNodeGroupPlace) -> None:
    """What somebody took away by hand shows as a difference; activating again puts it back."""
    resource = place.resource(labels={"tier": "web"}, taints=["dedicated=web:NoSchedule"])
    await place.walk(resource, "warm", "activate")
    place.direct("eks").update_nodegroup_config(
        clusterName=CLUSTER,
        nodegroupName=NAME,
        labels={"removeLabels": ["tier"]},
        taints={"removeTaints": [{"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}]},
    )
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    group = place.groups()[NAME]
    assert (ResourceState.HOT, 2) == (drifted.state, len(drifted.differences))
    assert {"tier": "web"} == group["labels"]
    assert [{"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}] == group["taints"]


async def test_what_eks_never_changes_is_only_said(place: EksNodeGroupPlace) -> None:
    """Other instance types are no difference, since no step would put them right."""
    await place.walk(place.resource(), "warm", "activate")

    seen = await place.observer().observe(place.resource(instance_types=["c7i.large"]))

    assert seen.differences == ()
    assert "instance types differ" in seen.detail


async def test_a_cluster_in_the_making_is_waited_for(place: EksNodeGroupPlace) -> None:
    """EKS refuses a node group for good while its cluster is not ready; that passes."""
    being_made = Delay(f"GET /clusters/{CLUSTER}", f"GET /clusters/{CLUSTER}", STATUS_IN_JSON, r'\g<1>"CREATING"')
    place.proxy.delays = Delays(being_made)
    place.proxy.next(f"POST {GROUPS}", Refusal("InvalidRequestException", message="Cluster is not in ACTIVE status"))

    with pytest.raises(Transient, match="cluster shop is CREATING"):
        await place.provisioner().take(Step.WARM, place.order(place.resource()))


async def test_nothing_to_say_beforehand(place: EksNodeGroupPlace) -> None:
    """Where region and credentials are right, preflight is silent."""
    assert await preflight_of("aws_eks_node_group", [place.resource()], place.surroundings()) == ()

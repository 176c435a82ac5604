"""A node group for which neither market has enough, and a stand-in that the options no longer wish."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Transient
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import call
from tests.provisioners.aws.eks_node_group_place import (
    DEADLINE_S,
    WAIT_S,
    EksNodeGroupPlace,
    begin,
    on_demand,
    settled,
)

NAME = "solvent-shop-web"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[EksNodeGroupPlace]:
    """A cluster without node groups."""
    with EksNodeGroupPlace(moto_port) as place:
        yield place
        await place.end()


async def _both_short(place: EksNodeGroupPlace, spot: int, on_demand: int) -> Resource:
    """A component whose stand-in was made and did not get all its nodes either."""
    resource = place.resource()
    place.market.supply = {"SPOT": spot, "ON_DEMAND": on_demand}
    await place.walk(resource, "warm")
    await begin(place, resource)
    place.advance(DEADLINE_S)
    await begin(place, resource)
    return resource


@pytest.mark.parametrize(("spot", "on_demand", "state"), [(1, 2, ResourceState.HOT), (0, 0, ResourceState.BROKEN)])
async def test_two_short_markets_come_to_rest(
    place: EksNodeGroupPlace, spot: int, on_demand: int, state: ResourceState
) -> None:
    """When the stand-in had its time as well, what there is counts, and the look says what is missing."""
    resource = await _both_short(place, spot, on_demand)
    place.advance(DEADLINE_S)

    seen = await place.observer().observe(resource)

    assert (state, ()) == (seen.state, seen.differences)
    assert f"{spot} of 3 nodes are ready" in seen.detail
    assert seen.detail.endswith("the others did not come in time")


async def test_two_empty_markets_are_refused_for_now(place: EksNodeGroupPlace) -> None:
    """Taking the step again says what both markets brought."""
    resource = await _both_short(place, 0, 0)
    place.advance(DEADLINE_S)

    with pytest.raises(Transient, match=r"0 of 3 nodes for .*, and 0 for its stand-in on demand"):
        await place.provisioner().take(Step.ACTIVATE, place.order(resource))


@pytest.mark.parametrize("waited_s", [0, DEADLINE_S])
async def test_two_short_groups_can_be_let_go(place: EksNodeGroupPlace, waited_s: int) -> None:
    """Nobody has to wait for machines before they are not wanted any more."""
    resource = await _both_short(place, 1, 2)
    place.advance(waited_s)

    await place.walk(resource, "deactivate")

    assert ResourceState.WARM is (await place.observer().observe(resource)).state
    assert {NAME: 0} == {name: group["scalingConfig"]["desiredSize"] for name, group in place.groups().items()}


async def test_a_short_group_can_be_removed_while_it_is_waited_for(place: EksNodeGroupPlace) -> None:
    """Only while EKS itself is at work the step waits."""
    resource = place.resource()
    place.market.supply["SPOT"] = 0
    await place.walk(resource, "warm")
    await place.provisioner().take(Step.ACTIVATE, place.order(resource))
    at_work = await place.observer().observe(resource)
    short = await settled(place, resource)

    await place.walk(resource, "decommission")

    assert (ResourceState.CHANGING, False) == (at_work.state, at_work.interruptible)
    assert (ResourceState.CHANGING, True) == (short.state, short.interruptible)
    assert {} == place.groups()


async def test_the_stand_in_stays_where_on_demand_is_wished_by_now(place: EksNodeGroupPlace) -> None:
    """An operator who gave up on spot has what they wish."""
    await on_demand(place)
    place.advance(WAIT_S)

    seen = await place.observer().observe(place.resource(capacity="on_demand"))

    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert "spot is tried again" not in seen.detail


async def test_a_stand_in_that_spot_does_not_replace_goes_on_serving(place: EksNodeGroupPlace) -> None:
    """Where spot alone is wished by now it is asked at once, and let go again where it brings nothing."""
    await on_demand(place)
    resource = place.resource(capacity="spot")
    due = await place.observer().observe(resource)
    trying = await begin(place, resource)
    place.advance(DEADLINE_S)
    late = await place.observer().observe(resource)
    await call(place.provisioner(), "activate", place.order(resource))
    seen = await place.observer().observe(resource)

    await place.walk(resource, "deactivate")

    assert (ResourceState.HOT, 1) == (due.state, len(due.differences))
    assert (ResourceState.CHANGING, True) == (trying.state, trying.interruptible)
    assert (ResourceState.HOT, 1) == (late.state, len(late.differences))
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)
    assert {NAME: 0} == {name: group["scalingConfig"]["desiredSize"] for name, group in place.groups().items()}

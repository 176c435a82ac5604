"""A stand-by rests WARM and rises while its primary is down."""

from __future__ import annotations

import pytest

from machines.breaker import Breaker
from machines.events import BreakerStatus, ComponentDrifted, ComponentParked, Event, PinSet
from machines.granting import breaker_event
from machines.lifecycle_states import ComponentState
from machines.moving import level_reached, wanted_states
from machines.observations import ResourceState
from machines.state.whole import State
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, risen, with_component

PLAN = with_component(SHOP, "cache", standby_for="web")
LOST = ComponentDrifted("web", HOT, COLD, ResourceState.ABSENT, 0)
OPEN = Breaker(BreakerStatus.OPEN, (NOW,), NOW, 30)


def standing(*events: Event, cache: ComponentState = WARM) -> State:
    """The first level stands, its stand-by too, and then these events."""
    stood = [*risen("files", "database", "web"), *risen("cache", target=cache)]
    return acting(*stood, *events, plan=PLAN, level=1)


def wanted(state: State) -> ComponentState:
    """Where the stand-by is wanted."""
    return wanted_states(PLAN, state)["cache"]


def test_a_standby_rests_warm() -> None:
    """While its primary serves, a stand-by is wanted WARM, and its level counts as reached."""
    state = standing()

    assert (WARM, 1) == (wanted(state), level_reached(PLAN, state))


def test_a_primary_that_only_restarts_wakes_nobody() -> None:
    """A primary that was lost and can be repaired leaves its stand-by WARM."""
    assert wanted(standing(LOST)) is WARM


@pytest.mark.parametrize(
    "signal",
    [
        ComponentParked("web", "refused for good"),
        breaker_event("provider:simulated", OPEN, "the region does not answer"),
        breaker_event("component:web", OPEN, "it does not come up"),
    ],
    ids=["parked", "provider", "component"],
)
def test_a_primary_that_stays_down_wakes_its_standby(signal: Event) -> None:
    """Lost, and parked or behind an open breaker: the stand-by is wanted HOT."""
    assert wanted(standing(LOST, signal)) is HOT


def test_a_primary_that_serves_behind_an_open_breaker_is_not_down() -> None:
    """A breaker gates raising calls; what is HOT serves on, and its stand-by rests."""
    assert wanted(standing(breaker_event("provider:simulated", OPEN, "slow"))) is WARM


def test_an_operator_wakes_a_standby() -> None:
    """A pin says by hand what a health signal would."""
    assert wanted(standing(PinSet("cache", HOT, None, "drill", "ann"))) is HOT


def test_a_returned_primary_sends_its_standby_to_rest() -> None:
    """When the primary is HOT again, the stand-by is wanted WARM."""
    assert wanted(standing(cache=HOT)) is WARM


def test_a_standby_falls_with_its_level() -> None:
    """Where no level enables it, a stand-by is COLD like any other, also while its primary is down."""
    state = acting(LOST, ComponentParked("web", "gone"), plan=PLAN, level=0)

    assert wanted(state) is COLD

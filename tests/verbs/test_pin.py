"""`pin`, and what `activate` and `deactivate` share with it."""

from __future__ import annotations

import pytest

from config.instants import DAY
from machines.events import ApprovalAsked, ApprovalEnded, ApprovalGiven, PinSet, ResourceUnmanaged
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState
from tests.machines.histories import COLD, HOT, NOW, WARM, acting, risen
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told


@pytest.mark.parametrize(("text", "state"), [("HOT", HOT), ("warm", WARM), ("Cold", COLD)])
def test_a_component_is_held_in_a_settled_state(text: str, state: ComponentState) -> None:
    """However the state is written; the operator and the reason are kept."""
    judged = told("pin", bench(acting()), component="web", state=text, ttl="2h", reason="sale")

    assert ("done", f"pinned web {state.value}") == (judged.outcome, judged.reason)
    assert (PinSet("web", state, IN_TWO_HOURS, "sale", "ann"),) == judged.events


def test_without_ttl_a_pin_holds_for_good() -> None:
    """Until unpinned."""
    assert (PinSet("web", HOT, None, "", "ann"),) == told("pin", bench(acting()), component="web", state="HOT").events


def test_what_was_approved_for_one_pin_says_nothing_of_the_next() -> None:
    """A second operator looked at the cost of WARM, or at an hour of it: another state and another end ask anew."""
    asked = ApprovalAsked("web-5", "component:web", "", "ann", NOW + DAY, exceeds_cap=True)
    approved = ApprovalGiven("web-5", "bob", NOW + DAY, "go")
    before = bench(acting(PinSet("web", WARM, NOW + DAY, "", "ann"), asked, approved))
    ended = ApprovalEnded("web-5", "it is pinned anew")

    dearer = told("pin", before, component="web", state="HOT").events
    longer = told("pin", before, component="web", state="WARM").events
    assert (ended, PinSet("web", HOT, None, "", "ann")) == dearer
    assert (ended, PinSet("web", WARM, None, "", "ann")) == longer


def test_state_must_be_a_settled_one() -> None:
    """A running state cannot be held."""
    before = bench(acting())

    refused("pin", before, "state: missing; expected COLD, WARM or HOT", component="web")
    refused("pin", before, "state: expected COLD, WARM or HOT, found 'WARMING'", component="web", state="warming")


@pytest.mark.parametrize("verb", ["pin", "activate", "deactivate"])
def test_the_component_must_be_one_that_moves(verb: str) -> None:
    """Missing, unknown, or the host."""
    before = bench(acting())
    more = {"state": "HOT"} if verb == "pin" else {}
    known = "vps, files, web, database, cache, cluster, search"

    refused(verb, before, "component: missing; expected the id of a component", **more)
    refused(verb, before, f"component: no component is called 'wed'; the plan has {known}", component="wed", **more)
    refused(verb, before, "component: vps is the host; it is accounted, never actuated", component="vps", **more)


@pytest.mark.parametrize("verb", ["pin", "activate", "deactivate"])
def test_the_duration_must_be_readable(verb: str) -> None:
    """The refusal names the field."""
    more = {"state": "COLD"} if verb == "pin" else {}
    expected = "ttl: expected a duration such as 90s, 15m, 2h or 7d, found 'soon'"

    refused(verb, bench(acting()), expected, component="web", ttl="soon", **more)


@pytest.mark.parametrize("state", ["COLD", "WARM"])
def test_the_floor_is_never_taken_down(state: str) -> None:
    """Level 0 is always on; holding it HOT is allowed."""
    before, expected = bench(acting()), "component: files belongs to level 0, which is always on"

    refused("pin", before, expected, component="files", state=state)
    assert "done" == told("pin", before, component="files", state="HOT").outcome


def test_an_unmanaged_resource_is_adopted_first() -> None:
    """Its state is not ours to hold."""
    before = bench(acting(ResourceUnmanaged("web", ResourceState.HOT, ("theirs",), 0)))

    refused("pin", before, "component: web is unmanaged; adopt it first", component="web", state="HOT")


def test_what_others_stand_on_is_not_taken_away() -> None:
    """The refusal names who must fall first; HOT, and what nobody requires, may be held."""
    before = bench(acting(*risen("database", "web")))
    expected = "component: web requires database and is HOT; deactivate that first"

    refused("pin", before, expected, component="database", state="WARM")
    refused("deactivate", before, expected, component="database")
    assert "done" == told("pin", before, component="database", state="HOT").outcome
    assert "done" == told("pin", before, component="web", state="COLD").outcome
    assert "done" == told("pin", bench(acting(*risen("database"))), component="database", state="COLD").outcome

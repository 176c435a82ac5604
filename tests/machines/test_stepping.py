"""What a look at the world means: ARCHITECTURE 4 (outside calls) and 9 (reality wins)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.state.components import ComponentRecord, Intent
from machines.stepping import Resolution, Sight, Standing, compare, resolve, standing_after, standing_found
from tests.deciding.months import UNIT
from tests.machines.histories import ACTIVATING, COLD, DEACTIVATING, HOT, NOW, SHOP, WARM, WARMING, with_component

ABSENT, BROKEN, CHANGING = ResourceState.ABSENT, ResourceState.BROKEN, ResourceState.CHANGING
IS_WARM, IS_HOT = ResourceState.WARM, ResourceState.HOT
OURS = frozenset({"ours"})
WEB = SHOP.components["web"]


def seen(state: ResourceState, *tokens: str) -> Observation:
    """A look; without tokens it is our resource."""
    return Observation(state, tokens or (() if state is ABSENT else ("ours",)))


def resolved(step: Step, look: Observation, *, late: bool = False) -> Resolution:
    """The settlement of an intent under the token `ours`, before its deadline or at it."""
    intent = Intent(step, "ours", NOW, NOW + 100, 1, 1)
    return resolve(intent, look, NOW + (100 if late else 99))


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (Step.WARM, IS_WARM),
        (Step.WARM, IS_HOT),
        (Step.ACTIVATE, IS_HOT),
        (Step.DEACTIVATE, IS_WARM),
        (Step.DEACTIVATE, ABSENT),
        (Step.DECOMMISSION, ABSENT),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_an_intent_is_done_where_the_world_shows_it(step: Step, state: ResourceState, late: bool) -> None:
    """Also past the deadline: what stands is what was wanted."""
    assert Resolution.DONE is resolved(step, seen(state), late=late)


@pytest.mark.parametrize(("step", "state"), [(Step.WARM, IS_WARM), (Step.ACTIVATE, IS_HOT)])
def test_a_strangers_resource_settles_no_raise(step: Step, state: ResourceState) -> None:
    """It counts as reached only under the intent's own token."""
    assert Resolution.RETRY is resolved(step, seen(state, "theirs"))


@pytest.mark.parametrize(("step", "state"), [(Step.DEACTIVATE, IS_WARM), (Step.DECOMMISSION, ABSENT)])
def test_a_lowering_asks_for_no_token(step: Step, state: ResourceState) -> None:
    """What is gone carries none."""
    assert Resolution.DONE is resolved(step, seen(state, "theirs"))


@pytest.mark.parametrize("step", Step)
def test_while_the_provider_works_nobody_calls_again(step: Step) -> None:
    """Before the deadline a change under way is waited for."""
    assert Resolution.WAIT is resolved(step, seen(CHANGING))


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (Step.WARM, ABSENT),
        (Step.WARM, BROKEN),
        (Step.ACTIVATE, IS_WARM),
        (Step.DEACTIVATE, IS_HOT),
        (Step.DECOMMISSION, IS_WARM),
    ],
)
def test_what_is_not_reached_is_tried_again(step: Step, state: ResourceState) -> None:
    """Before the deadline, and where nothing is under way."""
    assert Resolution.RETRY is resolved(step, seen(state))


@pytest.mark.parametrize(
    ("step", "state", "resolution"),
    [
        (Step.WARM, ABSENT, Resolution.ABANDON),
        (Step.ACTIVATE, ABSENT, Resolution.ABANDON),
        (Step.ACTIVATE, IS_WARM, Resolution.ABANDON),
        (Step.WARM, BROKEN, Resolution.COMPENSATE),
        (Step.WARM, CHANGING, Resolution.COMPENSATE),
        (Step.ACTIVATE, BROKEN, Resolution.COMPENSATE),
        (Step.ACTIVATE, CHANGING, Resolution.COMPENSATE),
        (Step.DEACTIVATE, IS_HOT, Resolution.PARK),
        (Step.DEACTIVATE, CHANGING, Resolution.PARK),
        (Step.DECOMMISSION, IS_WARM, Resolution.PARK),
    ],
)
def test_a_deadline_ends_an_intent(step: Step, state: ResourceState, resolution: Resolution) -> None:
    """A raise stands where the world is, or is taken down half-made; a lowering waits for an operator."""
    assert resolution is resolved(step, seen(state), late=True)


@given(
    st.sampled_from(Step),
    st.sampled_from(ResourceState),
    st.lists(st.sampled_from(["ours", "theirs"]), max_size=2),
    st.booleans(),
)
def test_no_look_leads_the_wrong_way(step: Step, state: ResourceState, tokens: list[str], late: bool) -> None:
    """A lowering is never compensated nor abandoned, a raise never parked, and past the deadline nothing is retried."""
    answer = resolved(step, Observation(state, tuple(tokens)), late=late)
    raising = step in RAISING

    assert answer not in ({Resolution.PARK} if raising else {Resolution.COMPENSATE, Resolution.ABANDON})
    assert answer not in ({Resolution.WAIT, Resolution.RETRY} if late else {Resolution.PARK, Resolution.COMPENSATE})


@pytest.mark.parametrize(
    ("step", "running", "state", "units"),
    [
        (Step.WARM, WARMING, WARM, 4),
        (Step.ACTIVATE, ACTIVATING, HOT, 40),
        (Step.DEACTIVATE, DEACTIVATING, WARM, 4),
        (Step.DECOMMISSION, WARM, COLD, 0),
    ],
)
def test_a_confirmed_step_costs_what_its_state_costs(
    step: Step, running: ComponentState, state: ComponentState, units: int
) -> None:
    """Only the confirmation moves the reservation."""
    assert Standing(state, units * UNIT) == standing_after(WEB, ComponentRecord("web", running), step)


@pytest.mark.parametrize(
    ("look", "state", "units"),
    [(ABSENT, COLD, 0), (IS_WARM, WARM, 4), (IS_HOT, HOT, 40), (BROKEN, WARM, 40), (CHANGING, WARM, 40)],
)
def test_what_is_unsettled_counts_its_full_price(look: ResourceState, state: ComponentState, units: int) -> None:
    """Half-made may cost as much as whole."""
    assert Standing(state, units * UNIT) == standing_found(WEB, seen(look))


@pytest.mark.parametrize("look", [IS_HOT, BROKEN, CHANGING])
def test_an_unknown_price_counts_nothing(look: ResourceState) -> None:
    """There is no figure to count; such a component is never raised by solvent."""
    unpriced = with_component(SHOP, "web", monthly_cost_micros=None).components["web"]

    assert 0 == standing_found(unpriced, seen(look)).committed_micros


DIFFERS = Observation(IS_HOT, ("ours",), differences=("replicas are 2, not 3",))


def test_an_activation_with_differences_is_not_reached() -> None:
    """Activating is taken again until nothing differs; past the deadline it is taken back like a half-made one."""
    assert Resolution.RETRY is resolved(Step.ACTIVATE, DIFFERS)
    assert Resolution.COMPENSATE is resolved(Step.ACTIVATE, DIFFERS, late=True)


@pytest.mark.parametrize(("step", "state"), [(Step.WARM, IS_WARM), (Step.WARM, IS_HOT), (Step.DEACTIVATE, IS_WARM)])
def test_differences_hold_up_nothing_else(step: Step, state: ResourceState) -> None:
    """Only activation puts them right, so only activation waits for them."""
    look = Observation(state, ("ours",), differences=("the tag is gone",))

    assert Resolution.DONE is resolved(step, look)


def test_what_serves_otherwise_than_wished_stands_warm_at_its_full_price() -> None:
    """The next step from there is to activate it again."""
    assert Standing(WARM, 40 * UNIT) == standing_found(WEB, DIFFERS)


def compared(state: ComponentState, look: Observation, **record: Any) -> Sight:
    """A record held against a look, with our token known."""
    return compare(ComponentRecord("web", state, **record), look, OURS)


@pytest.mark.parametrize(
    ("state", "look"), [(COLD, ABSENT), (WARM, IS_WARM), (WARM, BROKEN), (HOT, IS_HOT)], ids=lambda each: each.value
)
def test_what_is_as_recorded_is_no_news(state: ComponentState, look: ResourceState) -> None:
    """Broken is recorded as WARM, so it is reported once."""
    assert Sight.AS_RECORDED is compared(state, seen(look))


@pytest.mark.parametrize(
    ("state", "look"),
    [
        (COLD, IS_WARM),
        (COLD, IS_HOT),
        (COLD, BROKEN),
        (WARM, ABSENT),
        (WARM, IS_HOT),
        (HOT, ABSENT),
        (HOT, IS_WARM),
        (HOT, BROKEN),
    ],
    ids=lambda each: each.value,
)
def test_our_own_resource_elsewhere_is_drift(state: ComponentState, look: ResourceState) -> None:
    """Reality differs from the record."""
    assert Sight.DRIFTED is compared(state, seen(look))


@pytest.mark.parametrize("state", [COLD, WARM, HOT])
def test_a_provider_at_work_is_looked_at_again(state: ComponentState) -> None:
    """Nothing is concluded from a change under way."""
    assert Sight.UNSETTLED is compared(state, seen(CHANGING))


def test_a_strange_resource_in_a_cold_place_is_unmanaged() -> None:
    """It is news once, and again when it changes."""
    assert Sight.UNMANAGED is compared(COLD, seen(IS_HOT, "theirs"))
    assert Sight.AS_RECORDED is compared(COLD, seen(IS_HOT, "theirs"), unmanaged=IS_HOT)
    assert Sight.UNMANAGED is compared(COLD, seen(IS_WARM, "theirs"), unmanaged=IS_HOT)


@pytest.mark.parametrize("state", [WARM, HOT])
def test_a_strange_resource_in_place_of_ours_is_drift(state: ComponentState) -> None:
    """Ours is gone, whatever stands there in its stead, and however it serves."""
    look = IS_WARM if state is WARM else IS_HOT
    otherwise = Observation(IS_HOT, ("theirs",), differences=("replicas are 2, not 3",))

    assert Sight.DRIFTED is compared(state, seen(look, "theirs"))
    assert Sight.DRIFTED is compared(state, otherwise)


def test_a_strange_resource_that_went_away_is_reported() -> None:
    """Its cost is to be given back."""
    assert Sight.UNMANAGED_GONE is compared(COLD, seen(ABSENT), unmanaged=IS_HOT)


def test_what_serves_otherwise_than_wished_is_drift_once() -> None:
    """It is news while recorded HOT; recorded WARM by that drift it waits for its repair, however long."""
    assert Sight.DIFFERS is compared(HOT, DIFFERS)
    assert Sight.AS_RECORDED is compared(WARM, DIFFERS, since=NOW, drifts_at=(NOW,))
    assert Sight.DIFFERS is compared(WARM, DIFFERS, since=NOW, drifts_at=(NOW - 1,))
    assert Sight.AS_RECORDED is compared(WARM, Observation(IS_WARM, ("ours",), differences=("the tag is gone",)))


@pytest.mark.parametrize("wanted", [WARM, COLD])
def test_what_is_to_be_lowered_is_not_repaired_first(wanted: ComponentState) -> None:
    """It serves, whatever differs: recorded HOT it is lowered as it is, waiting for a repair it stands HOT again."""
    hot, waits = ComponentRecord("web", HOT), ComponentRecord("web", WARM, since=NOW, drifts_at=(NOW,))

    assert Sight.AS_RECORDED is compare(hot, DIFFERS, OURS, wanted)
    assert Sight.REPAIR_DROPPED is compare(waits, DIFFERS, OURS, wanted)
    assert Standing(HOT, 40 * UNIT) == standing_found(WEB, DIFFERS, repaired=False)


@pytest.mark.parametrize(("state", "look"), [(WARM, IS_WARM), (HOT, IS_HOT), (HOT, IS_WARM), (HOT, BROKEN)])
def test_a_foreign_writer_on_ours_is_a_contest(state: ComponentState, look: ResourceState) -> None:
    """Whatever it made of it, and before any drift is counted."""
    claimed = Observation(look, ("ours",), differences=("replicas are 9",), foreign_writer="an autoscaler")

    assert Sight.CONTESTED is compared(state, claimed)


def test_a_foreign_writer_on_a_strangers_resource_is_none_of_ours() -> None:
    """There is nothing of ours to fight over."""
    claimed = Observation(IS_HOT, ("theirs",), foreign_writer="an autoscaler")

    assert Sight.UNMANAGED is compared(COLD, claimed)
    assert Sight.DRIFTED is compared(HOT, claimed)

"""What is known of each component, folded from its events: ARCHITECTURE 8 and 9."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.instants import HOUR, SECOND
from machines.events import (
    ComponentDrifted,
    ComponentParked,
    ComponentUnparked,
    Event,
    IntentAbandoned,
    ResourceAdopted,
    ResourceGone,
    ResourceUnmanaged,
    StepOutcome,
)
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.state.components import DRIFTS_REMEMBERED_MAX, ComponentRecord, Intent
from tests.deciding.months import UNIT
from tests.machines.histories import (
    ACTIVATING,
    COLD,
    HOT,
    NOW,
    WARM,
    WARMING,
    acting,
    ended,
    intended,
    risen,
    then,
    walked,
)

WARMING_WEB = intended("web", Step.WARM, COLD)
VANISHED = ComponentDrifted("web", HOT, COLD, ResourceState.ABSENT, 0)
THEIRS = ResourceUnmanaged("web", ResourceState.HOT, ("theirs", "second"), 40 * UNIT)


def web(*events: Event) -> ComponentRecord:
    """The web server's record after these events."""
    return acting(*events).components.of("web")


def test_a_component_never_heard_of_is_cold() -> None:
    """It costs nothing and has no intent."""
    record = web()

    assert ComponentRecord("web") == record
    assert record.idle


def test_an_intent_reserves_before_the_call() -> None:
    """State, cost, token, generation and deadline are there before any answer."""
    state = acting(WARMING_WEB)
    record = state.components.of("web")

    assert (WARMING, 40 * UNIT, "token-web", 1) == (
        record.state,
        record.committed_micros,
        record.token,
        record.generation,
    )
    assert Intent(Step.WARM, "token-web", NOW, NOW + HOUR, 1, state.sequence) == record.intent
    assert not record.idle


def test_another_attempt_keeps_the_first_ones_beginning() -> None:
    """How long a step takes is counted from its first attempt; the answer before it is forgotten."""
    state = acting(WARMING_WEB, ended(WARMING_WEB, StepOutcome.TRANSIENT, reason="busy"))
    again = intended("web", Step.WARM, COLD, attempt=2)
    intent = then(state, again, at=NOW + SECOND).components.of("web").intent

    assert Intent(Step.WARM, "token-web", NOW, NOW + HOUR, 2, state.sequence) == intent


@pytest.mark.parametrize("outcome", [each for each in StepOutcome if each is not StepOutcome.DONE])
def test_only_done_settles_an_intent(outcome: StepOutcome) -> None:
    """Any other answer is noted on it; state and reservation stay."""
    record = web(WARMING_WEB, ended(WARMING_WEB, outcome, reason="why"))

    assert (WARMING, 40 * UNIT) == (record.state, record.committed_micros)
    assert record.intent is not None
    assert (outcome, "why") == (record.intent.answered, record.intent.reason)


def test_an_answer_to_no_intent_makes_none() -> None:
    """What was given up stays given up."""
    given_up = IntentAbandoned("web", "token-web", WARMING, COLD, 0, "late")
    late = ended(WARMING_WEB, StepOutcome.TRANSIENT, to_state=COLD, committed_micros=0)

    assert web(WARMING_WEB, given_up, late).idle


def test_a_component_that_fell_has_no_token() -> None:
    """Its next resource is another generation; one that is WARM keeps its name."""
    fallen = web(*risen("web"), *walked("web", HOT, COLD))

    assert ("", 1, COLD) == (fallen.token, fallen.generation, fallen.state)
    assert "token-web" == web(*risen("web"), *walked("web", HOT, WARM)).token


def test_since_is_when_the_state_changed() -> None:
    """Another event in the same state does not move it."""
    state = then(acting(*risen("web")), VANISHED, at=NOW + SECOND)
    then(state, VANISHED, at=NOW + 2 * SECOND)

    assert NOW + SECOND == state.components.of("web").since


def test_a_given_up_intent_stands_where_it_was_found() -> None:
    """With the cost of what was found."""
    record = web(WARMING_WEB, IntentAbandoned("web", "token-web", WARMING, WARM, 4 * UNIT, "late"))

    assert (WARM, 4 * UNIT, True) == (record.state, record.committed_micros, record.idle)


def test_drifts_are_remembered_a_few_back() -> None:
    """Enough to tell accidents from a foreign writer."""
    state = acting(*risen("web"))
    for number in range(DRIFTS_REMEMBERED_MAX + 3):
        then(state, VANISHED, at=NOW + number)

    expected = tuple(NOW + number for number in range(3, DRIFTS_REMEMBERED_MAX + 3))
    assert expected == state.components.of("web").drifts_at


def test_a_contested_component_is_parked() -> None:
    """An operator's word forgives the drifts."""
    contested = ComponentDrifted("web", HOT, COLD, ResourceState.ABSENT, 0, contested=True)
    state = acting(*risen("web"), contested)
    record = state.components.of("web")

    assert (True, "contested: a foreign writer keeps undoing the repair") == (record.contested, record.parked)

    then(state, ComponentUnparked("web", NOW))
    assert (False, "", ()) == (record.contested, record.parked, record.drifts_at)


def test_a_parked_component_keeps_everything_else() -> None:
    """State, intent and reservation stay; unparking gives the open intent a new deadline."""
    state = acting(WARMING_WEB, ComponentParked("web", "refused"))
    record = state.components.of("web")

    assert ("refused", WARMING, 40 * UNIT, False) == (record.parked, record.state, record.committed_micros, record.idle)

    then(state, ComponentUnparked("web", NOW + 5 * HOUR))
    assert record.intent is not None
    assert ("", NOW + 5 * HOUR) == (record.parked, record.intent.deadline_at)


def test_an_unmanaged_resource_is_costed_but_not_ours() -> None:
    """The record stays COLD, with the token that it carries."""
    record = web(THEIRS)

    assert (COLD, 40 * UNIT, ResourceState.HOT, "theirs", "") == (
        record.state,
        record.committed_micros,
        record.unmanaged,
        record.unmanaged_token,
        record.token,
    )
    assert "" == web(ResourceUnmanaged("web", ResourceState.HOT, (), 0)).unmanaged_token


def test_an_unmanaged_resource_that_went_away_costs_nothing() -> None:
    """Its cost goes with it."""
    record = web(THEIRS, ResourceGone("web"))

    assert (None, 0, COLD) == (record.unmanaged, record.committed_micros, record.state)


def test_an_adopted_resource_is_ours() -> None:
    """Under the token it carries, as a generation of its own."""
    record = web(THEIRS, ResourceAdopted("web", "theirs", 1, COLD, HOT, 40 * UNIT))

    assert (None, "", "theirs", 1, HOT, 40 * UNIT) == (
        record.unmanaged,
        record.unmanaged_token,
        record.token,
        record.generation,
        record.state,
        record.committed_micros,
    )


costs = st.integers(0, 100 * UNIT)
ids = st.sampled_from(["web", "cache", "search"])
happenings = st.one_of(
    st.builds(lambda each, cost: intended(each, Step.WARM, COLD, committed_micros=cost), ids, costs),
    st.builds(
        lambda each, cost, outcome: ended(intended(each, Step.WARM, COLD), outcome, committed_micros=cost),
        ids,
        costs,
        st.sampled_from(StepOutcome),
    ),
    st.builds(lambda each, cost: IntentAbandoned(each, "t", ACTIVATING, WARM, cost, ""), ids, costs),
    st.builds(lambda each, cost: ComponentDrifted(each, HOT, COLD, ResourceState.ABSENT, cost), ids, costs),
    st.builds(lambda each, cost: ResourceUnmanaged(each, ResourceState.HOT, (), cost), ids, costs),
    st.builds(lambda each, cost: ResourceAdopted(each, "t", 1, COLD, HOT, cost), ids, costs),
    st.builds(ResourceGone, ids),
    st.builds(lambda each: ComponentParked(each, "refused"), ids),
)


@given(st.lists(happenings, max_size=20))
def test_the_total_is_the_sum_of_all(events: list[Event]) -> None:
    """After whatever events: what is committed is what the components count, no more and no less."""
    components = acting(*events).components

    assert components.committed_micros == sum(each.committed_micros for each in components.records.values())

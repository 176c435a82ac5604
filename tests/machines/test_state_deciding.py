"""The decided level and the released one: ARCHITECTURE 7, approval automatic or manual."""

from __future__ import annotations

import msgspec
import pytest

from config.instants import DAY, SECOND
from config.plan import Plan
from config.policies import Approval
from machines.events import ApprovalAsked, ApprovalEnded, ApprovalGiven, Event, LevelDecided, PlanAdopted
from machines.state.whole import REPLACED, State, waits_for_approval
from tests.machines.histories import MAY, NOW, SHOP, acting, decided, shop, then

UP = shop(activation__approval=Approval.MANUAL)
DOWN = shop(rollback__approval=Approval.MANUAL)
ASKED = ApprovalAsked("a1", "level:1", "", "solvent", NOW + DAY)
GIVEN = ApprovalGiven("a1", "ann", NOW + DAY, "")


def levels(state: State) -> tuple[int, int]:
    """The decided and the released level."""
    return state.deciding.decided.level, state.deciding.released_level


def waiting(*events: Event, plan: Plan = UP) -> State:
    """A decision for level 1 that waits for its approval."""
    return acting(*events, plan=plan, level=1)


def fallen(*events: Event) -> State:
    """A fall from level 2 to 1 that waits for its approval."""
    return then(acting(plan=DOWN, level=2), decided(1, 2), *events)


@pytest.mark.parametrize(
    ("plan", "released", "to", "waits"),
    [
        (UP, 0, 1, True),
        (UP, 2, 1, False),
        (DOWN, 2, 1, True),
        (DOWN, 0, 1, False),
        (UP, 1, 1, False),
        (SHOP, 0, 2, False),
    ],
)
def test_a_direction_waits_where_the_plan_says_so(plan: Plan, released: int, to: int, waits: bool) -> None:
    """Up and down are asked for apart, and standing still waits for nobody."""
    assert waits is waits_for_approval(plan, released, to)


def test_an_automatic_decision_is_released_at_once() -> None:
    """Up and down alike."""
    state = acting(level=2)
    assert (2, 2) == levels(state)

    assert (0, 0) == levels(then(state, decided(0, 2)))


def test_a_decision_that_waits_releases_nothing() -> None:
    """The components go on as they were."""
    assert (1, 0) == levels(waiting())
    assert (1, 2) == levels(fallen())


def test_a_close_that_stays_keeps_waiting() -> None:
    """Another month at the decided level is no approval."""
    state = then(waiting(ASKED), decided(1, 1))

    assert (1, 0) == levels(state)
    assert (1, 1) == levels(then(state, GIVEN))


def test_an_approval_releases() -> None:
    """In both directions."""
    assert (1, 1) == levels(waiting(ASKED, GIVEN))
    assert (1, 1) == levels(fallen(ASKED, GIVEN))


@pytest.mark.parametrize("why", ["denied", "expired"])
def test_a_refused_move_is_taken_back(why: str) -> None:
    """The next close judges from the released level anew."""
    assert (0, 0) == levels(waiting(ASKED, ApprovalEnded("a1", why)))
    assert (2, 2) == levels(fallen(ASKED, ApprovalEnded("a1", why)))


def test_a_refused_move_takes_its_part_of_the_next_level_back() -> None:
    """Nothing of it stays wanted."""
    state = then(acting(plan=UP), decided(1, 0, partial=("cluster",)), ASKED, ApprovalEnded("a1", "denied"))

    assert () == state.deciding.decided.partial


def test_a_replaced_question_takes_nothing_back() -> None:
    """The decision that replaced it stands."""
    higher = ApprovalAsked("a2", "level:2", "", "solvent", NOW + DAY)
    state = waiting(ASKED, decided(2, 1), ApprovalEnded("a1", REPLACED), higher)

    assert (2, 0) == levels(state)
    assert (2, 2) == levels(then(state, ApprovalGiven("a2", "ann", NOW + DAY, "")))


def test_an_approval_that_ends_after_it_was_given_takes_nothing_back() -> None:
    """It was used."""
    assert (1, 1) == levels(waiting(ASKED, GIVEN, ApprovalEnded("a1", "expired")))


def test_a_used_approval_that_expires_leaves_a_later_question_open() -> None:
    """Level 1 was approved; level 2 waits for its own answer while that approval runs out."""
    state = waiting(ASKED, GIVEN, decided(2, 1), ApprovalEnded("a1", "expired"))

    assert (2, 1) == levels(state)


def test_only_levels_release_levels() -> None:
    """An approval of a component, or of nothing, leaves them as they are."""
    component = ApprovalAsked("c1", "component:web", "", "ann", NOW + DAY, exceeds_cap=True)

    assert (1, 0) == levels(waiting(ASKED, component, ApprovalGiven("c1", "bob", NOW, "")))
    assert (1, 0) == levels(waiting(ASKED, component, ApprovalEnded("c1", "denied")))
    assert (1, 0) == levels(waiting(ASKED, ApprovalGiven("nothing", "bob", NOW, "")))


def test_a_fall_below_a_waiting_rise_needs_no_approval() -> None:
    """The other direction is automatic here."""
    assert (0, 0) == levels(then(acting(plan=UP, level=1), ASKED, GIVEN, decided(2, 1), decided(0, 2)))


def test_an_approval_of_a_level_that_is_gone_releases_the_top() -> None:
    """A plan with fewer levels was adopted between question and answer: the journal can still be folded."""
    asked = ApprovalAsked("a2", "level:2", "", "solvent", NOW + DAY)
    smaller = msgspec.structs.replace(UP, levels=UP.levels[:2])
    state = acting(asked, PlanAdopted(smaller, "smaller"), ApprovalGiven("a2", "ann", NOW, ""), plan=UP, level=2)

    assert (1, 1) == levels(state)


def test_the_newest_decision_is_the_cause_of_what_follows() -> None:
    """Its sequence number and the decision itself are kept."""
    state = acting(level=1)
    event = decided(2, 1)
    then(state, event)

    assert (state.sequence, event.decision) == (state.deciding.sequence, state.deciding.decision)


def test_only_a_raise_sets_the_activation_time() -> None:
    """Each level has that of its newest raise."""
    state = acting(level=1)
    then(state, decided(2, 1), at=NOW + SECOND)
    then(state, decided(2, 2), decided(1, 2), at=NOW + 2 * SECOND)

    assert {1: NOW, 2: NOW + SECOND} == state.deciding.raised_at


def test_a_close_is_remembered_and_a_day_is_not() -> None:
    """The months judged so far are those of closes; a daily fall says from when on months count."""
    state = acting(level=2)
    day = decided(0, 2, daily=True, month=MAY + 1, debounce_from=MAY + 1)
    then(state, LevelDecided(day.decision))

    assert (MAY, MAY + 1, 0) == (
        state.deciding.decided.decided_through,
        state.deciding.decided.debounce_from,
        state.deciding.released_level,
    )

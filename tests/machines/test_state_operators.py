"""Pins, pauses and approvals, folded and run out: ARCHITECTURE 7 and 11."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.instants import DAY, Instant
from machines.events import (
    ApprovalAsked,
    ApprovalEnded,
    ApprovalGiven,
    Event,
    Mode,
    Pause,
    PauseEnded,
    PauseSet,
    PinEnded,
    PinSet,
    Started,
)
from machines.state.operators import (
    HeldPause,
    Operators,
    PendingApproval,
    Pin,
    expired,
    fold_operator_event,
    next_expiry,
)
from tests.machines.histories import COLD, HOT, NOW

ASKED = ApprovalAsked("a1", "component:web", "over the cap", "ann", NOW + DAY, exceeds_cap=True)


def after(*events: Event) -> Operators:
    """What operators hold after these events."""
    operators = Operators()
    for event in events:
        fold_operator_event(operators, event)
    return operators


def test_a_pin_holds_until_it_ends() -> None:
    """The newest one counts; ending one that is not there is nothing."""
    first, second = PinSet("web", HOT, None, "sale", "ann"), PinSet("web", COLD, NOW, "over", "bob")

    assert {"web": Pin(COLD, NOW, "over", "bob")} == after(first, second).pins
    assert {} == after(first, PinEnded("web", "unpinned"), PinEnded("web", "unpinned")).pins


def test_a_pause_holds_until_it_ends() -> None:
    """There is one at a time, the newest."""
    first, second = PauseSet(Pause.ALL, None, "", "ann"), PauseSet(Pause.UP, NOW, "sale", "bob")

    assert HeldPause(Pause.UP, NOW, "sale", "bob") == after(first, second).pause
    assert after(first, PauseEnded("resumed")).pause is None


@pytest.mark.parametrize(
    ("scope", "raising", "lowering"), [(Pause.ALL, True, True), (Pause.UP, True, False), (Pause.DOWN, False, True)]
)
def test_a_pause_holds_its_direction(scope: Pause, raising: bool, lowering: bool) -> None:
    """All, only up or only down; without one nothing is held."""
    operators = after(PauseSet(scope, None, "", "ann"))

    assert [raising, lowering] == [operators.pauses(raising=way) is not None for way in (True, False)]
    assert [None, None] == [Operators().pauses(raising=way) for way in (True, False)]


def test_an_approval_is_asked_then_given() -> None:
    """Who asked stays; who gave it, and until when, are added."""
    given_ = after(ASKED, ApprovalGiven("a1", "bob", NOW + 5, "yes")).approvals["a1"]

    assert PendingApproval("component:web", "over the cap", "ann", NOW + 5, True, "bob") == given_


def test_what_was_not_asked_cannot_be_given() -> None:
    """An answer to a question that ended changes nothing."""
    assert {} == after(ApprovalGiven("a1", "bob", NOW, "")).approvals
    assert {} == after(ASKED, ApprovalEnded("a1", "denied"), ApprovalGiven("a1", "bob", NOW, "")).approvals


def test_an_approval_is_found_by_its_subject() -> None:
    """The waiting one and the given one apart."""
    waiting, given_ = after(ASKED), after(ASKED, ApprovalGiven("a1", "bob", NOW, ""))

    assert [True, False] == [waiting.approval_for("component:web", approved=each) is not None for each in (False, True)]
    assert [False, True] == [given_.approval_for("component:web", approved=each) is not None for each in (False, True)]
    assert waiting.approval_for("component:cache", approved=False) is None


def test_other_events_are_nobodys_hold() -> None:
    """They are ignored."""
    assert Operators() == after(Started("shop", "1", Mode.ACT))


def test_what_runs_out_ends_at_its_instant() -> None:
    """Not a microsecond before."""
    operators = after(PinSet("web", HOT, NOW, "", "ann"), PauseSet(Pause.UP, NOW, "", "ann"))

    assert [] == expired(operators, NOW - 1)
    assert [PinEnded("web", "expired"), PauseEnded("expired")] == expired(operators, NOW)


def test_what_has_no_end_never_runs_out() -> None:
    """Until unpinned or resumed."""
    operators = after(PinSet("web", HOT, None, "", "ann"), PauseSet(Pause.UP, None, "", "ann"))

    assert [] == expired(operators, NOW + 10**6 * DAY)
    assert next_expiry(operators) is None


untils = st.none() | st.integers(NOW, NOW + 20)
names, ends = st.sampled_from("xyz"), st.integers(NOW, NOW + 20)
holds = st.one_of(
    st.builds(lambda name, until: PinSet(name, HOT, until, "", "ann"), st.sampled_from("abc"), untils),
    st.builds(lambda scope, until: PauseSet(scope, until, "", "ann"), st.sampled_from(Pause), untils),
    st.builds(lambda name, until: ApprovalAsked(name, "level:1", "", "ann", until), names, ends),
    st.builds(lambda name, until: ApprovalGiven(name, "bob", until, ""), names, ends),
)


@given(st.lists(holds, max_size=12), st.integers(NOW - 1, NOW + 21))
def test_expired_things_end_exactly_once(events: list[Event], now: Instant) -> None:
    """What ran out is ended by one event each; folded, nothing of it is left, and the rest stands untouched."""
    operators = after(*events)
    before = len(operators.pins) + len(operators.approvals) + (operators.pause is not None)
    ended = expired(operators, now)
    for event in ended:
        fold_operator_event(operators, event)

    assert before - len(ended) == len(operators.pins) + len(operators.approvals) + (operators.pause is not None)
    assert [] == expired(operators, now)
    following = next_expiry(operators)
    assert following is None or following > now


@given(st.lists(holds, max_size=12))
def test_the_next_expiry_is_the_first_that_ends_something(events: list[Event]) -> None:
    """A microsecond before it nothing ends; at it something does."""
    operators = after(*events)
    following = next_expiry(operators)

    if following is None:
        assert [] == expired(operators, NOW + 10**6 * DAY)
    else:
        assert [] == expired(operators, following - 1)
        assert expired(operators, following)

"""Figures: at their bound and above, once, and armed again only when they came well back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import Severity
from machines.events import Event, NotificationCleared, NotificationRaised
from machines.notifying.condition import Facts
from machines.notifying.figures import CRITICAL_KEY, FALL_KEY, RATIO_CRITICAL, RATIO_WARNING, WARNING_KEY
from machines.notifying.raising import Route, Rules, changes
from machines.state.whole import State
from tests.machines.histories import NOW, SHOP, acting, then

RULES = Rules((Route("pager", Severity.INFO),), "j-1")
REARM = Fraction(1, 20)
KEYS = frozenset({WARNING_KEY, CRITICAL_KEY, FALL_KEY})


def looked(
    state: State, ratio: str | None = None, *, uncovered: bool = False, growth: str | None = None
) -> list[Event]:
    """What one look records and folds, of the figures' own keys."""
    facts = Facts(
        NOW, None if ratio is None else Fraction(ratio), uncovered, None if growth is None else Fraction(growth)
    )
    found = changes(state, facts, RULES)
    then(state, *found)
    assert [] == changes(state, facts, RULES), "a second look finds nothing"
    return [each for each in found if isinstance(each, NotificationRaised | NotificationCleared) and each.key in KEYS]


def keys(found: list[Event]) -> list[tuple[str, bool, bool]]:
    """Which key, whether raised, and whether anybody is told."""
    return [
        (each.key, isinstance(each, NotificationRaised), bool(each.channels))
        for each in found
        if isinstance(each, NotificationRaised | NotificationCleared)
    ]


def test_the_bound_itself_is_told() -> None:
    """0.80 and not only what lies above it, in the words of `solvent status`."""
    state = acting()

    assert [] == looked(state, "0.799999")
    (raised,) = looked(state, "0.8")
    assert isinstance(raised, NotificationRaised)
    assert (WARNING_KEY, "warning", "Cost is 0.800000 of revenue") == (raised.key, raised.severity, raised.title)


def test_only_the_highest_of_two_bounds_is_told() -> None:
    """Both are crossed, both are recorded, and one message goes out."""
    state = acting()

    assert [(CRITICAL_KEY, True, True), (WARNING_KEY, True, False)] == keys(looked(state, "0.95"))


def test_a_warning_that_grows_critical_is_told_as_that() -> None:
    """The higher bound has a crossing of its own."""
    state = acting()
    looked(state, "0.85")

    assert [(CRITICAL_KEY, True, True)] == keys(looked(state, "0.9"))


def test_a_figure_that_trembles_at_its_bound_is_told_once() -> None:
    """It is over when it came back by the ratio of the settings."""
    state = acting()
    looked(state, "0.8")

    assert [] == looked(state, "0.79")
    assert [] == looked(state, "0.81")
    assert [] == looked(state, "0.76")
    assert [(WARNING_KEY, False, True)] == keys(looked(state, "0.759"))
    assert [] == looked(state, "0.79")
    assert [(WARNING_KEY, True, True)] == keys(looked(state, "0.8"))


def test_the_end_of_what_was_not_told_is_told_when_it_comes_later() -> None:
    """After the critical end the warning still stands, and its own end is told too; where both end at once, one is."""
    state = acting()
    looked(state, "0.95")

    assert [(CRITICAL_KEY, False, True)] == keys(looked(state, "0.85"))
    assert [(WARNING_KEY, False, True)] == keys(looked(state, "0.5"))
    looked(state, "0.95")
    assert [(CRITICAL_KEY, False, True), (WARNING_KEY, False, False)] == keys(looked(state, "0.5"))


def test_costs_without_revenue_are_above_every_bound() -> None:
    """No quotient, and yet critical."""
    (raised, _) = looked(acting(), uncovered=True)

    assert isinstance(raised, NotificationRaised)
    assert "Cost is more than all revenue" == raised.title


def test_an_unknown_figure_changes_nothing() -> None:
    """Unknown is not zero: what stands stands, what does not does not."""
    state = acting()
    assert [] == looked(state)
    looked(state, "0.95", growth="-0.5")

    assert [] == looked(state)


@pytest.mark.parametrize(("growth", "told"), [("-0.199", False), ("-0.2", True), ("-0.9", True), ("0.5", False)])
def test_a_fall_of_revenue_is_told_from_a_fifth_on(growth: str, told: bool) -> None:
    """By the month before."""
    assert told == bool(looked(acting(), "0.1", growth=growth))


def test_above_the_cap_is_critical() -> None:
    """What stands although nothing may be begun any more; exactly at the cap is allowed."""
    state = acting(level=1, cap=100)
    vps = SHOP.components["vps"].monthly_cost_micros or 0
    assert vps == state.components.committed_micros

    def raised(committed: int) -> list[str]:
        state.components.committed_micros = committed
        found = changes(state, Facts(NOW, Fraction(1, 10)), RULES)
        return [each.key for each in found if isinstance(each, NotificationRaised) and each.lasting]

    cap = 10 * vps
    assert [] == raised(cap)
    assert ["cost_above_cap"] == raised(cap + 1)


@given(st.lists(st.integers(0, 130), max_size=60))
def test_every_crossing_is_raised_once_and_cleared_once(course: list[int]) -> None:
    """For each bound the journal alternates, and begins and ends where a plain two-state model does."""
    state, model = acting(), dict.fromkeys((WARNING_KEY, CRITICAL_KEY), False)
    for hundredths in course:
        ratio, expected = Fraction(hundredths, 100), []
        for key, bound in ((WARNING_KEY, RATIO_WARNING), (CRITICAL_KEY, RATIO_CRITICAL)):
            over = ratio >= bound or (model[key] and ratio >= bound * (1 - REARM))
            if over is not model[key]:
                expected.append((key, over))
            model[key] = over
        found = looked(state, str(ratio))
        assert sorted(expected) == sorted((key, raised) for key, raised, _ in keys(found))
        if found:
            assert any(told for _, _, told in keys(found)), "somebody hears of every change"

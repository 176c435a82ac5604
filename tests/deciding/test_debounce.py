"""Debounce and confidence: RESOLUTIONS 4 and 8."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from config.triggers import AllOf, AnyOf, Comparison, Condition, Metric
from machines.deciding.conditions import Progress, below_minimum, holds, months_to_leave, progress
from machines.deciding.decision import decide
from machines.deciding.facts import ClosedMonth, DecidedState
from tests.deciding.months import FIRST_MONTH, UNIT, at_least, autobroker, closed, levels_of


def test_a_level_rises_at_the_close_that_completes_its_debounce() -> None:
    """Level 1 needs one month, level 3 two, level 4 three."""
    assert levels_of(autobroker(), 60000, 60000, 60000) == [1, 3, 4]


def test_a_month_below_breaks_the_streak() -> None:
    """Months count only when they follow one another."""
    assert levels_of(autobroker(), 5000, 700, 5000) == [1, 1, 1]


def test_a_zero_month_breaks_the_streak() -> None:
    """A month without payments is 0, not missing."""
    assert levels_of(autobroker(), 5000, 0, 5000) == [1, 0, 1]


@pytest.mark.parametrize(("revenue", "level"), [("449.50", 0), ("449.999999", 0), ("450", 1)])
def test_ranges_are_half_open(revenue: str, level: int) -> None:
    """449.50 is level 0, 450 is level 1."""
    assert levels_of(autobroker(), revenue) == [level]


def test_a_level_change_does_not_restart_the_debounce() -> None:
    """Months below a level count towards it whatever was decided in them."""
    assert levels_of(autobroker(), 2000, 2000, 40000, 40000, 40000) == [1, 2, 2, 3, 4]


def test_confidence_is_the_exact_share_of_required_months() -> None:
    """One of three months is a third, and never more than one."""
    decision = decide(autobroker(), closed(60000), DecidedState())

    assert [each.confidence for each in decision.explanation[1:]] == [1, Fraction(1, 2), Fraction(1, 2), Fraction(1, 3)]


def test_all_is_as_certain_as_its_least_certain_part() -> None:
    """`all` takes the lowest confidence."""
    tree = AllOf((at_least(100, 1), at_least(200, 4)))

    assert progress(tree, [250 * UNIT]) == Progress(1, 4)


def test_any_is_as_certain_as_its_most_certain_part() -> None:
    """`any` takes the highest confidence, and among equals the branch that asks for fewest months."""
    tree = AnyOf((at_least(100, 3), at_least(200, 2)))

    assert progress(tree, [150 * UNIT, 150 * UNIT]) == Progress(2, 3)
    assert progress(tree, [250 * UNIT] * 3) == Progress(2, 2)


def test_conditions_keep_streaks_of_their_own() -> None:
    """A short condition is met by the newest month alone while a longer one still waits."""
    tree = AllOf((at_least(100, 2), at_least(300, 1)))

    assert progress(tree, [100 * UNIT, 300 * UNIT]).satisfied
    assert not progress(tree, [300 * UNIT, 100 * UNIT]).satisfied


def test_a_missing_month_breaks_the_streak() -> None:
    """Consecutive means consecutive: an unknown month between two is not skipped."""
    months = [ClosedMonth(FIRST_MONTH, 5000 * UNIT, 0), ClosedMonth(FIRST_MONTH + 2, 5000 * UNIT, 0)]

    assert decide(autobroker(), months, DecidedState()).level == 1


def test_debounce_counts_only_from_the_month_a_daily_rollback_names() -> None:
    """Months before `debounce_from` do not count, those from it on do."""
    months = closed(5000, 5000, 5000)

    assert decide(autobroker(), months, DecidedState(debounce_from=FIRST_MONTH + 2)).level == 1
    assert decide(autobroker(), months, DecidedState(debounce_from=FIRST_MONTH + 1)).level == 3


def test_leaving_takes_as_long_as_the_longest_branch() -> None:
    """Going down is never faster than going up, whichever branch it was."""
    assert months_to_leave(AnyOf((at_least(100, 3), at_least(900, 1)))) == 3
    assert months_to_leave(None) == 1


@pytest.mark.parametrize(
    ("comparison", "results"),
    [
        (Comparison.AT_LEAST, [False, True, True]),
        (Comparison.ABOVE, [False, False, True]),
        (Comparison.AT_MOST, [True, True, False]),
        (Comparison.BELOW, [True, False, False]),
    ],
)
def test_each_comparison_is_exact_to_the_micro(comparison: Comparison, results: list[bool]) -> None:
    """One micro below, at, and one micro above the threshold."""
    condition = Condition(Metric.REVENUE, comparison, 100)

    assert [holds(condition, measure) for measure in (99, 100, 101)] == results


def test_hysteresis_scales_what_bounds_from_below() -> None:
    """With 0.05, a minimum of 100 is left below 95; an upper bound stays where it is."""
    tree = AllOf(
        (Condition(Metric.REVENUE, Comparison.AT_LEAST, 100), Condition(Metric.REVENUE, Comparison.BELOW, 200))
    )

    assert [below_minimum(tree, measure, Decimal("0.05")) for measure in (94, 95, 199, 200)] == [
        True,
        False,
        False,
        True,
    ]

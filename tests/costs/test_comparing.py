"""A bill beside what was accrued: when it raises an alarm, when it ends one, and when it is not believed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.plan import CostRules
from machines.costs.comparing import Verdict, compare, is_outlier, percent_text
from tests.deciding.months import UNIT

RULES = CostRules()


@pytest.mark.parametrize(
    ("accrued", "billed", "verdict"),
    [
        (100, 100, Verdict.AGREES),
        (100, 120, Verdict.AGREES),
        (100, 121, Verdict.DEVIATES),
        (100, 80, Verdict.AGREES),
        (100, 79, Verdict.DEVIATES),
        (100, 500, Verdict.DEVIATES),
        (100, 501, Verdict.OUTLIER),
        (100, 20, Verdict.DEVIATES),
        (100, 19, Verdict.OUTLIER),
        (100, 0, Verdict.OUTLIER),
        (100, -5, Verdict.OUTLIER),
        (0, 30, Verdict.DEVIATES),
        (0, 0, Verdict.AGREES),
    ],
)
def test_the_verdict_follows_the_plans_rules(accrued: int, billed: int, verdict: Verdict) -> None:
    """20 % are tolerated, more is an alarm, more than five times or less than a fifth is not believed."""
    assert verdict is compare(accrued * UNIT, billed * UNIT, RULES, raised=False).verdict


def test_an_alarm_ends_only_within_half_the_tolerance() -> None:
    """A bill that swings around the limit does not raise and end an alarm every day."""
    assert Verdict.DEVIATES is compare(100 * UNIT, 115 * UNIT, RULES, raised=True).verdict
    assert Verdict.AGREES is compare(100 * UNIT, 110 * UNIT, RULES, raised=True).verdict


def test_cents_raise_no_alarm() -> None:
    """A large share of almost nothing is almost nothing."""
    assert Verdict.AGREES is compare(100_000, 900_000, RULES, raised=False).verdict


def test_the_plan_sets_the_limits() -> None:
    """Tolerance, smallest difference and factor are the plan's."""
    rules = CostRules(Decimal("2.5"), 0, 2)

    found = [compare(1_000, billed, rules, raised=False).verdict for billed in (1_025, 1_026, 2_001)]
    assert [Verdict.AGREES, Verdict.DEVIATES, Verdict.OUTLIER] == found


def test_the_reason_says_what_to_do() -> None:
    """Both figures, the difference in percent, and where to look."""
    reason = compare(100 * UNIT, 150 * UNIT, RULES, raised=False).reason

    assert "billed 150.00, accrued 100.00 (+50.00 %)" in reason
    assert "monthly_cost" in reason


@pytest.mark.parametrize(
    ("accrued", "billed", "text"), [(3, 4, "+33.33"), (4, 3, "-25.00"), (3, 3, "+0.00"), (0, 3, None)]
)
def test_the_difference_is_a_share_of_what_was_accrued(accrued: int, billed: int, text: str | None) -> None:
    """With its sign and two decimals; unknown where nothing was accrued."""
    assert text == percent_text(accrued, billed)


def test_nothing_is_an_outlier_against_zero() -> None:
    """A known figure of 0 says nothing of the size of the next."""
    assert not is_outlier(0, 10**12, 5)

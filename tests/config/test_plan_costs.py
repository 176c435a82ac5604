"""What a plan says of its prices: source, age, and how far bills may stand off."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from config.loading import plan_from_text
from config.plan import CostRules
from daemon.resume import plan_fingerprint
from tests.config.plan_text import PLAN, changed, problems_of

PRICED = changed("warm_cost: 2\n", "warm_cost: 2\n    price_source: AWS list price\n    price_as_of: 2026-11-01\n")


def test_a_price_may_name_its_source_and_its_day() -> None:
    """Both are kept as written; the other components say nothing."""
    components = plan_from_text(PRICED, "plan.yaml").components

    assert ("AWS list price", date(2026, 11, 1)) == (
        components["database"].price_source,
        components["database"].price_as_of,
    )
    assert ("", None) == (components["worker"].price_source, components["worker"].price_as_of)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-1-1", "yesterday", "1969-01-01"])
def test_what_is_no_day_is_a_problem(text: str) -> None:
    """With what was expected."""
    (problem,) = problems_of(PRICED.replace("2026-11-01", text))

    assert "a date such as 2024-01-31" == problem.expected


def test_the_rules_have_defaults() -> None:
    """20 %, 1.00, a factor of 5, 180 days."""
    assert CostRules(Decimal(20), 1_000_000, 5, 180) == plan_from_text(PLAN, "plan.yaml").costs


def test_every_rule_can_be_set() -> None:
    """Each under its key."""
    rules = "{tolerance_percent: 7.5, difference_min: 0.5, outlier_factor: 3, price_age_max_days: 30}"
    text = PLAN.replace("\ncomponents:\n", f"\ncosts: {rules}\ncomponents:\n")

    assert CostRules(Decimal("7.5"), 500_000, 3, 30) == plan_from_text(text, "plan.yaml").costs


@pytest.mark.parametrize(
    "rule", ["tolerance_percent: 0", "difference_min: -1", "outlier_factor: 1", "price_age_max_days: 0", "tolerance: 5"]
)
def test_a_wrong_rule_is_a_problem(rule: str) -> None:
    """Out of its bounds, or no rule at all."""
    assert 1 == len(problems_of(PLAN.replace("\ncomponents:\n", f"\ncosts: {{{rule}}}\ncomponents:\n")))


def test_a_plan_without_them_keeps_its_fingerprint() -> None:
    """Rules at their defaults are the same plan: no daemon freezes for them."""
    text = PLAN.replace("\ncomponents:\n", "\ncosts: {tolerance_percent: 20}\ncomponents:\n")
    one, other = plan_from_text(PLAN, "plan.yaml"), plan_from_text(text, "plan.yaml")

    assert plan_fingerprint(one) == plan_fingerprint(other)
    assert b"costs" not in msgspec.json.encode(one)

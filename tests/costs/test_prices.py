"""Prices: their age, and those that cannot be right."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from config.plan import Plan
from machines.costs.prices import old_prices, price_age_days, strange_prices
from tests.deciding.months import UNIT
from tests.machines.histories import SHOP, with_component

TODAY = date(2026, 11, 21)


def priced(**changes: Any) -> Plan:
    """The shop with another cache."""
    return with_component(SHOP, "cache", **changes)


def test_a_price_without_a_date_has_no_age() -> None:
    """Unknown is not new and not old."""
    assert price_age_days(SHOP.components["cache"], TODAY) is None
    assert [] == list(old_prices(SHOP, TODAY))


@pytest.mark.parametrize(("as_of", "old"), [("2026-05-25", []), ("2026-05-24", ["cache"]), ("2027-01-01", [])])
def test_a_price_is_old_after_the_plans_limit(as_of: str, old: list[str]) -> None:
    """180 days by default, and the day itself still counts as good."""
    plan = priced(price_as_of=date.fromisoformat(as_of))

    assert old == [each.component for each in old_prices(plan, TODAY)]


@pytest.mark.parametrize(
    ("units", "strange"), [(20, 0), (100, 0), (101, 1), (4, 0), (3, 1), (0, 1), (None, 0), (10_000, 1)]
)
def test_a_price_five_times_larger_or_smaller_is_strange(units: int | None, strange: int) -> None:
    """The cache costs 20: 100 and 4 are taken, beyond them not; an unknown price blocks activation by itself."""
    plan = priced(monthly_cost_micros=None if units is None else units * UNIT)

    assert strange == len(list(strange_prices(SHOP.components, plan)))


def test_the_warm_price_is_held_against_too() -> None:
    """It counts in the cap as well."""
    (found,) = strange_prices(SHOP.components, with_component(SHOP, "web", warm_cost_micros=40 * UNIT))

    assert "web.warm_cost: 4.00 before, 40.00 now" == str(found)


def test_a_new_component_has_nothing_to_be_held_against() -> None:
    """Its first price is the known one from then on."""
    known = {key: each for key, each in SHOP.components.items() if key != "cache"}

    assert [] == list(strange_prices(known, priced(monthly_cost_micros=10_000 * UNIT)))


def test_the_plan_sets_the_factor() -> None:
    """A plan that knows of a large change may allow it."""
    plan = priced(monthly_cost_micros=150 * UNIT)
    wide = msgspec.structs.replace(plan, costs=msgspec.structs.replace(plan.costs, outlier_factor=8))

    assert [] == list(strange_prices(SHOP.components, wide))

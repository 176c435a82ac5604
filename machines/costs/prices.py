"""Prices that a plan states: how old they are, and whether a new one can be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

from config.money import amount_text
from config.plan import Component, Plan
from machines.costs.comparing import is_outlier


class OldPrice(msgspec.Struct, frozen=True):
    """A component whose price is older than its plan allows."""

    component: str
    age_days: int


class StrangePrice(msgspec.Struct, frozen=True):
    """A price that is many times larger or smaller than the one known before."""

    component: str
    key: str
    """`monthly_cost` or `warm_cost`."""
    before_micros: int
    after_micros: int

    def __str__(self) -> str:
        """`database.monthly_cost: 30.00 before, 300.00 now`."""
        before, after = amount_text(self.before_micros), amount_text(self.after_micros)
        return f"{self.component}.{self.key}: {before} before, {after} now"


def price_age_days(component: Component, today: date) -> int | None:
    """Days since the price was looked up, at least 0; None where the plan does not say when."""
    if component.price_as_of is None:
        return None
    return max(0, (today - component.price_as_of).days)


def old_prices(plan: Plan, today: date) -> Iterator[OldPrice]:
    """The components whose stated price is older than the plan allows; one without a date is not judged."""
    for component in plan.components.values():
        age = price_age_days(component, today)
        if age is not None and age > plan.costs.price_age_max_days:
            yield OldPrice(component.id, age)


def strange_prices(known: Mapping[str, Component], plan: Plan) -> Iterator[StrangePrice]:
    """The prices of a new plan that are outliers against the known ones.

    A price that is new, was unknown, is unknown now, or was 0 is not judged: there is nothing to hold it against. A
    price that becomes 0 is refused like any other fall.
    """
    for after in plan.components.values():
        before = known.get(after.id)
        if before is None:
            continue
        for key, one, other in (
            ("monthly_cost", before.monthly_cost_micros, after.monthly_cost_micros),
            ("warm_cost", before.warm_cost_micros, after.warm_cost_micros),
        ):
            if one is not None and other is not None and is_outlier(one, other, plan.costs.outlier_factor):
                yield StrangePrice(after.id, key, one, other)

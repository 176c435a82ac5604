"""Break-even, budget headroom and margin of every level: RESOLUTIONS 21, 22 and 30."""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec

from config.plan import Plan


class LevelEconomics(msgspec.Struct, frozen=True):
    """What one level asks of sales. None stands for what is unknown: a price, the unit economics, the revenue.

    Shares are exact fractions, 1 is the whole.
    """

    level: int
    cost_micros: int | None
    max_burn_micros: int
    units: int | None
    """cost / profit per unit, rounded up (RESOLUTIONS 21)."""
    documents_units: int | None
    """max burn / profit per unit, rounded up: the documents' figure, shown beside it and labelled."""
    budget_headroom: Fraction | None
    """(max burn - cost) / max burn (RESOLUTIONS 22)."""
    margin_on_revenue: Fraction | None
    """(revenue - cost) / revenue; None where revenue is <= 0."""


class BreakEven(msgspec.Struct, frozen=True):
    """All levels, with the unit they are counted in."""

    unit: str | None
    profit_per_unit: Fraction | None
    """Micros; value x margin."""
    levels: tuple[LevelEconomics, ...]


def break_even(plan: Plan, revenue_micros: int | None = None) -> BreakEven:
    """The economics of every level, the margin at a month's revenue in micros where one is given."""
    profit = profit_per_unit(plan)
    levels = tuple(_level(plan, level.index, profit, revenue_micros) for level in plan.levels)
    unit = plan.unit_economics.unit if plan.unit_economics is not None else None
    return BreakEven(unit, profit, levels)


def profit_per_unit(plan: Plan) -> Fraction | None:
    """What one unit earns, in micros: value x margin; None where the plan does not say."""
    economics = plan.unit_economics
    return None if economics is None else economics.value_micros * Fraction(economics.margin)


def units_to_cover(amount_micros: int, profit: Fraction | None) -> int | None:
    """How many whole units cover an amount; None where a unit earns nothing, for then none do."""
    return None if profit is None or profit <= 0 else math.ceil(amount_micros / profit)


def _level(plan: Plan, index: int, profit: Fraction | None, revenue_micros: int | None) -> LevelEconomics:
    cost, burn = plan.level_cost_micros(index), plan.levels[index].max_burn_micros
    headroom = margin = None
    if cost is not None and burn > 0:
        headroom = Fraction(burn - cost, burn)
    if cost is not None and revenue_micros is not None and revenue_micros > 0:
        margin = Fraction(revenue_micros - cost, revenue_micros)
    return LevelEconomics(
        level=index,
        cost_micros=cost,
        max_burn_micros=burn,
        units=None if cost is None else units_to_cover(cost, profit),
        documents_units=units_to_cover(burn, profit),
        budget_headroom=headroom,
        margin_on_revenue=margin,
    )

"""Cost held against revenue, exactly: what is too much, which months are asked, what is missing, where the cap lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from config.plan import Plan
from config.policies import CostBasis, RatioMonths
from machines.deciding.debounce import History

Measured = int | Fraction
"""Micros; the mean of three measures may be no whole number of them."""

AVERAGED_MONTHS = 3
RATIOS_REMEMBERED = 64


def above(cost_micros: int, measure: Measured, limit: Decimal) -> bool:
    """Whether cost / measure is strictly above the limit; a measure <= 0 is above every limit (RESOLUTIONS 1, 9)."""
    return measure <= 0 or cost_micros > _exact(limit) * measure


def basis_cost_micros(plan: Plan, level: int) -> int | None:
    """The numerator of activation, brake, target and `missing` (RESOLUTIONS 1); None where a price is unknown."""
    if plan.policies.safety.cost_basis is CostBasis.MAX_BURN:
        return plan.levels[level].max_burn_micros
    return plan.level_cost_micros(level)


def tested_measures(plan: Plan, history: History, months: int) -> tuple[Measured, ...]:
    """The measures that `safety.ratio_months` asks, for a debounce of so many months (RESOLUTIONS 5)."""
    policy = plan.policies.safety.ratio_months
    if policy is RatioMonths.EVERY:
        return history.last(max(months, 1))
    if policy is RatioMonths.CURRENT:
        return history.last(1)
    averaged = history.last(AVERAGED_MONTHS)
    return (Fraction(sum(averaged), len(averaged)), history.current)


def fails(plan: Plan, level: int, tested: Sequence[Measured], current: int) -> bool:
    """Whether the level's ratio is above `ratio_max` in a tested measure, or above `hard_ratio` at this close.

    The hard limit matters here only where it is the lower one: a close never raises what it would take down at once.
    An unknown price fails.
    """
    safety = plan.policies.safety
    cost, monthly = basis_cost_micros(plan, level), plan.level_cost_micros(level)
    if cost is None or monthly is None:
        return True
    if any(above(cost, measure, safety.ratio_max) for measure in tested):
        return True
    return safety.hard_ratio is not None and above(monthly, current, safety.hard_ratio)


def missing_micros(plan: Plan, level: int, tested: Sequence[Measured], current: int) -> int:
    """Cost / ratio_max - the lowest measure tested, rounded up to the micro (RESOLUTIONS 2); 0 for unknown prices."""
    safety = plan.policies.safety
    cost, monthly = basis_cost_micros(plan, level), plan.level_cost_micros(level)
    if cost is None or monthly is None:
        return 0
    missing = math.ceil(cost / _exact(safety.ratio_max) - min(tested))
    if safety.hard_ratio is not None:
        missing = max(missing, math.ceil(monthly / _exact(safety.hard_ratio)) - current)
    return max(0, missing)


def cap_micros(plan: Plan, level: int, tested: Sequence[Measured]) -> int:
    """min(max burn, ratio_max x the lowest measure tested), rounded down, never below 0 (ARCHITECTURE 8)."""
    revenue_cap = math.floor(_exact(plan.policies.safety.ratio_max) * min(tested))
    return max(0, min(plan.levels[level].max_burn_micros, revenue_cap))


@lru_cache(maxsize=RATIOS_REMEMBERED)
def _exact(ratio: Decimal) -> Fraction:
    """Asked for with every event, of the few that a plan names."""
    return Fraction(ratio)

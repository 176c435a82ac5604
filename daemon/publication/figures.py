"""The figures that hashes and metrics show, computed from the state: exact, and None where unknown."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import msgspec

from config.calendar import Month
from config.policies import Basis
from config.triggers import minimum_micros
from machines.deciding.debounce import history_of
from machines.deciding.ratio import missing_micros
from machines.events import BreakerStatus
from machines.granting import breaker_names
from machines.revenue.growth import AVERAGE_MONTHS, average_3m_micros, growth, progress, projected_3m_micros
from machines.state.whole import State

_WORSE: Final = (BreakerStatus.CLOSED, BreakerStatus.HALF_OPEN, BreakerStatus.OPEN)


class RevenueFigures(msgspec.Struct, frozen=True):
    """Revenue of the last closed months, in micros of the plan's currency (RESOLUTIONS 12, 15, 25)."""

    last_month: Month | None = None
    measure_micros: int | None = None
    """The figure of the last closed month that decides, by `revenue.measure`."""
    all_micros: int | None = None
    committed_micros: int | None = None
    average_3m_micros: int | None = None
    growth: Fraction | None = None
    projected_3m_micros: int | None = None
    progress: Fraction | None = None


class CostFigures(msgspec.Struct, frozen=True):
    """What runs held against the last closed month."""

    committed_micros: int
    ratio: Fraction | None
    """None without a closed month, and where its measure is <= 0 (RESOLUTIONS 9)."""
    uncovered: bool
    """The last closed measure is known to be <= 0, and something costs money: counts as above every limit."""


class NextLevel(msgspec.Struct, frozen=True):
    """What keeps the level above the decided one from being decided, by the newest decision."""

    level: int
    level_id: str
    months_met: int
    months_required: int
    minimum_missing_micros: int
    """The level's minimum less the last measure; 0 where it is met or there is none."""
    ratio_missing_micros: int
    """cost / ratio_max - the lowest measure tested, rounded up (RESOLUTIONS 2); 0 where it holds."""
    text: str
    unattested: tuple[str, ...] = ()
    """The checklist items that it lacks."""


def revenue_figures(state: State) -> RevenueFigures:
    """The closed months' figures; all None before the first close."""
    plan, book = state.plan, state.revenue.book
    if plan is None or book.closed_through is None:
        return RevenueFigures()
    policy = plan.policies.revenue
    measures = history_of(book.figures(policy, AVERAGE_MONTHS), policy.measure).measures
    rate = growth(measures)
    mrr = None if state.revenue.measured is None else state.revenue.measured.mrr_micros
    return RevenueFigures(
        last_month=book.closed_through,
        measure_micros=measures[-1],
        all_micros=book.revenue_micros(book.closed_through, policy, Basis.ALL),
        committed_micros=book.revenue_micros(book.closed_through, policy, Basis.COMMITTED),
        average_3m_micros=average_3m_micros(measures),
        growth=rate,
        projected_3m_micros=None if mrr is None else projected_3m_micros(mrr, rate),
        progress=None if mrr is None else progress(mrr, _next_minimum(state)),
    )


def cost_figures(state: State, revenue: RevenueFigures) -> CostFigures:
    """The committed cost and its ratio to the last closed measure (RESOLUTIONS 1, 26)."""
    committed, measure = state.components.committed_micros, revenue.measure_micros
    return CostFigures(
        committed_micros=committed,
        ratio=Fraction(committed, measure) if measure is not None and measure > 0 else None,
        uncovered=measure is not None and measure <= 0 and committed > 0,
    )


def next_level(state: State) -> NextLevel | None:
    """The level above the decided one; None on the top level and before the first decision."""
    plan, decision = state.plan, state.deciding.decision
    index = state.deciding.decided.level + 1
    if plan is None or decision is None or index >= len(plan.levels):
        return None
    said = next((each for each in decision.explanation if each.level == index), None)
    if said is None:
        return None
    measure = decision.measure_micros
    lowest = measure if said.lowest_tested_micros is None else said.lowest_tested_micros
    return NextLevel(
        level=index,
        level_id=plan.levels[index].id,
        months_met=said.months_met,
        months_required=said.months_required,
        minimum_missing_micros=max(0, (said.minimum_micros or 0) - measure),
        ratio_missing_micros=missing_micros(plan, index, (lowest,), measure),
        text=said.text,
        unattested=said.unattested,
    )


def breaker_status(state: State, component_id: str) -> BreakerStatus:
    """The worse of the two breakers that gate the component's raising calls."""
    component = state.component(component_id)
    if component is None or component.host:
        return BreakerStatus.CLOSED
    found = (state.breakers[name].status for name in breaker_names(component) if name in state.breakers)
    return max(found, key=_WORSE.index, default=BreakerStatus.CLOSED)


def _next_minimum(state: State) -> int | None:
    plan, index = state.plan, state.deciding.decided.level + 1
    if plan is None or index >= len(plan.levels):
        return None
    trigger = plan.levels[index].trigger
    return None if trigger is None else minimum_micros(trigger)

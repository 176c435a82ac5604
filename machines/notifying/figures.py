"""Figures against their bounds: told at the bound and above, once, and again only after they came well back."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Final

from config.calendar import calendar_of, month_text
from config.money import amount_text
from config.settings.notifications import Severity
from machines.costs.projecting import projected
from machines.granting import cap_of
from machines.notifying.condition import Condition, Facts, Judgement
from machines.revenue.growth import fraction_text
from machines.state.whole import State

RATIO_WARNING: Final = Fraction(80, 100)
RATIO_CRITICAL: Final = Fraction(90, 100)
FALL: Final = Fraction(20, 100)
"""The bounds of the plans' own alerts: cost to revenue, and a month's fall of revenue."""
HIDDEN: Final = Fraction(10, 100)
"""The share of a month's bills that no accrual explains."""
WARNING_KEY, CRITICAL_KEY, CAP_KEY, FALL_KEY, HIDDEN_KEY = (
    "cost_ratio_warning",
    "cost_ratio_critical",
    "cost_above_cap",
    "revenue_falling",
    "hidden_cost",
)
COVERED_BY: Final = {WARNING_KEY: CRITICAL_KEY}
"""Of two bounds that are crossed, only the higher is told."""


def figure_conditions(state: State, facts: Facts, standing: Collection[str], rearm: Fraction) -> Judgement:
    """What the figures say; a figure that is unknown leaves everything as it is."""
    found = [
        _ratio(state, facts, standing, rearm, severe=True),
        _ratio(state, facts, standing, rearm, severe=False),
        _cap(state, standing, rearm),
        _fall(facts, standing, rearm),
        _hidden(state, facts, standing, rearm),
    ]
    return Judgement(
        tuple(each for each in found if isinstance(each, Condition)),
        frozenset(each for each in found if isinstance(each, str)),
    )


def _ratio(
    state: State, facts: Facts, standing: Collection[str], rearm: Fraction, *, severe: bool
) -> Condition | str | None:
    """The condition, the key where it stays as it is, or None where it is over."""
    key, bound = (CRITICAL_KEY, RATIO_CRITICAL) if severe else (WARNING_KEY, RATIO_WARNING)
    if facts.ratio is None and not facts.uncovered:
        return key
    ratio = facts.ratio or Fraction(0)
    if not facts.uncovered and ratio < bound:
        return key if key in standing and ratio >= bound * (1 - rearm) else None
    shown = "more than all revenue" if facts.uncovered else f"{fraction_text(ratio)} of revenue"
    text = (
        f"What is committed costs {_month_money(state, state.components.committed_micros)}, {shown} of the last closed"
        f" month; told from {fraction_text(bound)} on.\n"
        "Type `solvent costs` for what costs how much, and `solvent explain` for what the level rests on."
    )
    severity = Severity.CRITICAL if severe else Severity.WARNING
    return Condition(key, severity, f"Cost is {shown}", text)


def _cap(state: State, standing: Collection[str], rearm: Fraction) -> Condition | str | None:
    if state.deciding.decision is None:
        return CAP_KEY
    committed, cap = state.components.committed_micros, cap_of(state)
    if committed <= cap:
        return CAP_KEY if CAP_KEY in standing and committed > cap * (1 - rearm) else None
    text = (
        f"What is committed costs {_month_money(state, committed)}; the cap is {_month_money(state, cap)}. Nothing that"
        " costs more is begun until it fits again.\n"
        "Type `solvent costs` for what costs how much."
    )
    return Condition(CAP_KEY, Severity.CRITICAL, "Cost is above the cap", text)


def _fall(facts: Facts, standing: Collection[str], rearm: Fraction) -> Condition | str | None:
    if facts.growth is None:
        return FALL_KEY
    fallen = -facts.growth
    if fallen < FALL:
        return FALL_KEY if FALL_KEY in standing and fallen >= FALL * (1 - rearm) else None
    text = (
        f"The last closed month earned {fraction_text(fallen)} less than the one before, as a share of it; told from"
        f" {fraction_text(FALL)} on.\n"
        "Type `solvent status` for the figures, and `solvent explain` for what follows from them."
    )
    return Condition(FALL_KEY, Severity.WARNING, f"Revenue fell by {fraction_text(fallen)} of the month before", text)


def _hidden(state: State, facts: Facts, standing: Collection[str], rearm: Fraction) -> Condition | str | None:
    month = calendar_of(state.plan.timezone if state.plan else "UTC").month_of(facts.now)
    found = projected(state.costs, month)
    if found is None or found.billed_micros <= 0:
        return HIDDEN_KEY
    share = Fraction(found.unexplained_micros, found.billed_micros)
    if share < HIDDEN:
        return HIDDEN_KEY if HIDDEN_KEY in standing and share >= HIDDEN * (1 - rearm) else None
    billed, unexplained = found.billed_micros, found.unexplained_micros
    text = (
        f"At their present pace the bills of {month_text(month)} come to {_month_money(state, billed)};"
        f" {_month_money(state, unexplained)} of that no component accrued; told from"
        f" {fraction_text(HIDDEN)} of them on.\n"
        "Type `solvent costs` for both by component, and `solvent orphans` for what belongs to nothing."
    )
    return Condition(HIDDEN_KEY, Severity.WARNING, "Bills hold what no component explains", text)


def _month_money(state: State, micros: int) -> str:
    currency = f" {state.plan.currency}" if state.plan else ""
    return f"{amount_text(micros)}{currency} a month"

"""Figures and reasons in the words of the demonstration's screen."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from config.money import amount_text, divided_half_even
from config.plan import Plan
from config.policies import Basis
from machines.deciding.facts import Decision, Direction, LevelExplanation
from machines.lifecycle_states import ComponentState
from machines.moving import wanted_states
from machines.revenue.payments import Payment
from machines.state.whole import State

MOST: Final = Fraction(1, 2)
"""A payment above this share of a month is what made the month."""


def missing_money(micros: int) -> str:
    """What is missing, rounded up to the hundredth: paying it is enough."""
    return money(-(-micros // 10_000) * 10_000)


def money(micros: int) -> str:
    """An amount with thousands separated and two decimals, for reading."""
    units, decimals = amount_text(divided_half_even(micros, 10_000) * 10_000).split(".")
    sign = "-" if units.startswith("-") else ""
    return f"{sign}{int(units.removeprefix('-')):,}.{decimals[:2]}"


def ratio_text(cost_micros: int, measure_micros: int) -> str:
    """Cost as a share of revenue in per cent; `-` where there is no revenue to hold it against."""
    if measure_micros <= 0:
        return "-"
    tenths = divided_half_even(cost_micros * 1_000, measure_micros)
    return f"{tenths // 10:,}.{tenths % 10} %"


def level_text(plan: Plan, level: int) -> str:
    """A level with its name: `3 Scale`."""
    return f"{level} {plan.levels[level].name}"


def committed_when_settled(plan: Plan, state: State) -> int:
    """What the plan's components cost a month once all of them stand where they are wanted, hosts included."""
    total = 0
    for each, target in wanted_states(plan, state).items():
        component = plan.components.get(each)
        if component is not None and target is ComponentState.HOT:
            total += component.monthly_cost_micros or 0
        elif component is not None and target is ComponentState.WARM:
            total += component.warm_cost_micros
    enabled = plan.levels[state.target_level].components
    hosts = (component for component in plan.components.values() if component.host and component.id in enabled)
    return total + sum(host.monthly_cost_micros or 0 for host in hosts)


def why(plan: Plan, decision: Decision) -> str:
    """What was decided at a close and why: a move, a level that is blocked, or what the next one still needs."""
    if decision.direction is Direction.UP:
        return f"UP to level {level_text(plan, decision.level)}: {decision.cause}"
    if decision.direction is Direction.DOWN:
        return f"DOWN to level {level_text(plan, decision.level)}: {_down(plan, decision)}"
    higher = [each for each in decision.blocked if each.level > decision.level]
    if higher:
        first = higher[0]
        missing = f"; {missing_money(first.missing_micros)} is missing" if first.missing_micros else ""
        return f"level {first.level} is blocked: {first.reason}{missing}"
    safety = plan.policies.safety
    cost = plan.level_cost_micros(decision.level) or 0
    if decision.level > 0 and Fraction(cost) > Fraction(safety.ratio_max) * decision.measure_micros:
        return f"above ratio {safety.ratio_max}: nothing rises, and another such month takes the level down"
    following = explanation_of(decision, decision.level + 1)
    if following is None:
        return "stays at the top"
    minimum = following.minimum_micros
    asked = "its trigger" if minimum is None else f"{money(minimum)}"
    months = _months(following.months_required)
    return f"level {following.level} needs {asked} in {months} in a row: {following.months_met} met"


def _down(plan: Plan, decision: Decision) -> str:
    """The cause of a fall with its figures."""
    left = decision.level_before
    cost = plan.level_cost_micros(left) or 0
    measured = money(decision.measure_micros)
    if decision.cause in {"hard ratio", "brake"}:
        return f"{decision.cause}: {money(cost)} for level {left} cannot be paid from {measured}"
    return f"{decision.cause} of level {left}: {measured} was measured"


def one_off(plan: Plan, decision: Decision, largest: Payment | None) -> str | None:
    """Why a rich month, made by one payment, buys nothing; None for any other month."""
    if largest is None or decision.measure_micros <= 0 or decision.direction is not Direction.STAY:
        return None
    if plan.policies.revenue.basis is not Basis.ALL:
        return None  # then a one-off is no revenue in the first place
    if Fraction(largest.amount_micros, decision.measure_micros) <= MOST:
        return None
    within_reach = [
        each
        for each in decision.explanation
        if each.level > decision.level
        and each.minimum_micros is not None
        and decision.measure_micros >= each.minimum_micros
        and each.months_met < each.months_required
    ]
    if not within_reach:
        return None
    highest = within_reach[-1]
    return (
        f"One payment of {money(largest.amount_micros)} made this month. It is enough for level"
        f" {level_text(plan, highest.level)}, and buys nothing: that level asks for {_months(highest.months_required)}"
        f" in a row, and this is {_ordinal(highest.months_met)}."
    )


def explanation_of(decision: Decision, level: int) -> LevelExplanation | None:
    """One level's side of the decision."""
    return next((each for each in decision.explanation if each.level == level), None)


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _ordinal(met: int) -> str:
    return "only the first" if met == 1 else f"only number {met}"

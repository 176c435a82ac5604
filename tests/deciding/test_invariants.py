"""What holds for every plan policy and every history (I8, ARCHITECTURE 7 and 8)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from config.plan import Plan
from config.policies import (
    Advance,
    Brake,
    CostBasis,
    Measure,
    Policies,
    RatioMonths,
    RollbackAfter,
    RollbackTarget,
)
from machines.deciding.conditions import holds
from machines.deciding.decision import after, decide, decide_day
from machines.deciding.facts import ClosedMonth, DecidedState, Decision, Direction
from tests.deciding.months import FIRST_MONTH, UNIT, autobroker

ratios = st.sampled_from([Decimal("0.50"), Decimal("0.90"), Decimal("1.00"), Decimal("1.80")])
revenues = st.one_of(
    st.integers(-1000 * UNIT, 60_000 * UNIT),
    st.sampled_from([each * UNIT for each in (0, 450, 800, 1315, 3000, 10000, 38889, 50000)]),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """The five levels under any combination of policies."""
    return autobroker(
        revenue__measure=draw(st.sampled_from(Measure)),
        safety__ratio_max=draw(ratios),
        safety__cost_basis=draw(st.sampled_from(CostBasis)),
        safety__ratio_months=draw(st.sampled_from(RatioMonths)),
        safety__brake=draw(st.sampled_from(Brake)),
        safety__hard_ratio=draw(st.none() | ratios),
        activation__advance=draw(st.sampled_from(Advance)),
        activation__partial=draw(st.booleans()),
        activation__prewarm_confidence=draw(st.sampled_from([None, Decimal("0.33"), Decimal(1)])),
        rollback__after=draw(st.sampled_from(RollbackAfter)),
        rollback__target=draw(st.sampled_from(RollbackTarget)),
        rollback__hysteresis=draw(st.sampled_from([Decimal(0), Decimal("0.05")])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[ClosedMonth]:
    """One to twelve closed months; runs of equal months are likely, so that debounces are met."""
    runs = draw(st.lists(st.tuples(revenues, revenues, st.integers(1, 4)), min_size=1, max_size=4))
    figures = [(revenue, trailing) for revenue, trailing, length in runs for _ in range(length)][:12]
    return [ClosedMonth(FIRST_MONTH + index, *each) for index, each in enumerate(figures)]


def all_decisions(plan: Plan, months: list[ClosedMonth]) -> list[Decision]:
    """The decision of every close in turn."""
    state, decisions = DecidedState(), []
    for count in range(1, len(months) + 1):
        decisions.append(decide(plan, months[:count], state))
        state = after(decisions[-1], state)
    return decisions


def measures(policies: Policies, months: list[ClosedMonth]) -> list[int]:
    """The deciding figures."""
    trailing = policies.revenue.measure is Measure.TRAILING_30D
    return [each.trailing_micros if trailing else each.revenue_micros for each in months]


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_no_level_rises_before_its_debounce(plan: Plan, months: list[ClosedMonth]) -> None:
    """A level that was risen to has its whole debounce of closed months behind it."""
    figures = measures(plan.policies, months)
    for index, decision in enumerate(all_decisions(plan, months)):
        if decision.direction is Direction.UP:
            trigger = plan.levels[decision.level].trigger
            assert trigger is not None
            required = decision.explanation[decision.level].months_required
            newest = figures[: index + 1][-required:]
            assert len(newest) == required
            assert all(holds(trigger, measure) for measure in newest)


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_no_rise_is_above_a_limit(plan: Plan, months: list[ClosedMonth]) -> None:
    """Cost over the close's measure is within ratio_max (at the basis) and within the hard ratio."""
    safety = plan.policies.safety
    for decision in all_decisions(plan, months):
        if decision.direction is not Direction.UP:
            continue
        monthly = plan.level_cost_micros(decision.level)
        assert monthly is not None
        max_burn = safety.cost_basis is CostBasis.MAX_BURN
        basis = plan.levels[decision.level].max_burn_micros if max_burn else monthly
        assert decision.measure_micros > 0
        assert basis <= Fraction(safety.ratio_max) * decision.measure_micros
        assert safety.hard_ratio is None or monthly <= Fraction(safety.hard_ratio) * decision.measure_micros


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_no_level_stands_above_the_hard_ratio(plan: Plan, months: list[ClosedMonth]) -> None:
    """With affordable targets, no close leaves a level above the floor whose cost exceeds the hard share of revenue."""
    hard = plan.policies.safety.hard_ratio
    for decision in all_decisions(plan, months):
        ignored = plan.policies.rollback.target is RollbackTarget.BAND and decision.direction is Direction.DOWN
        if hard is None or decision.level == 0 or ignored:
            continue
        cost = plan.level_cost_micros(decision.level)
        assert cost is not None
        assert decision.measure_micros > 0
        assert cost <= Fraction(hard) * decision.measure_micros


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_eligible_and_blocked_share_no_level(plan: Plan, months: list[ClosedMonth]) -> None:
    """Both are levels of the plan whose debounce is met."""
    for decision in all_decisions(plan, months):
        blocked = [each.level for each in decision.blocked]
        assert not set(decision.eligible) & set(blocked)
        met = [each.level for each in decision.explanation[1:] if each.confidence == 1]
        assert sorted([*decision.eligible, *blocked]) == met


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_a_fall_is_never_faster_than_its_policy(plan: Plan, months: list[ClosedMonth]) -> None:
    """A fall by debounce has as many months below the minimum behind it as the level took to activate."""
    figures = measures(plan.policies, months)
    required = {1: 1, 2: 2, 3: 2, 4: 3}
    for index, decision in enumerate(all_decisions(plan, months)):
        if decision.direction is not Direction.DOWN:
            continue
        newest = figures[: index + 1][-required[decision.level_before] :]
        trigger = plan.levels[decision.level_before].trigger
        assert trigger is not None
        if decision.cause == "below minimum" and plan.policies.rollback.after is RollbackAfter.DEBOUNCE:
            assert len(newest) == required[decision.level_before]
            assert not any(holds(trigger, measure) for measure in newest)
        if decision.cause == "brake":
            assert plan.policies.safety.brake is not Brake.OFF


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_step_rises_by_one_at_most(plan: Plan, months: list[ClosedMonth]) -> None:
    """However good the months."""
    for decision in all_decisions(plan, months):
        if plan.policies.activation.advance is Advance.STEP:
            assert decision.level <= decision.level_before + 1


@settings(max_examples=150, deadline=None)
@given(plans(), histories())
def test_what_a_rise_enables_fits_its_cap(plan: Plan, months: list[ClosedMonth]) -> None:
    """The plan never asks for a step that the permit would have to refuse (I4)."""
    monthly_basis = plan.policies.safety.cost_basis is CostBasis.MONTHLY_COST
    for decision in all_decisions(plan, months):
        rises = decision.direction is Direction.UP or decision.partial or decision.prewarm
        if rises and monthly_basis and decision.cap_micros is not None:
            assert decision.committed_cost_micros <= decision.cap_micros


@settings(max_examples=150, deadline=None)
@given(plans(), histories(), st.integers(0, 4), st.integers(-100 * UNIT, 60_000 * UNIT))
def test_deciding_is_total(plan: Plan, months: list[ClosedMonth], level: int, trailing: int) -> None:
    """From any level, at any close and day, there is a decision about an existing level, and a day never raises."""
    state = DecidedState(level=level, debounce_from=months[-1].month)
    decision = decide(plan, months, state)
    daily = decide_day(plan, months, decision.at + UNIT, trailing, state)

    assert 0 <= decision.level < len(plan.levels)
    assert 0 <= daily.level <= level
    assert len(decision.explanation) == len(plan.levels)

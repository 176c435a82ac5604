"""Going down: RESOLUTIONS 6 and 9."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from config.plan import Plan
from config.policies import Brake, CostBasis, RatioMonths, RollbackAfter, RollbackTarget
from machines.deciding.decision import decide
from machines.deciding.facts import DecidedState, Decision, Direction
from tests.deciding.months import UNIT, autobroker, closed, levels_of


def fallen(plan: Plan, level: int, *units: str | int) -> Decision:
    """The decision at the last close, standing on `level`."""
    return decide(plan, closed(*units), DecidedState(level=level))


def test_debounce_falls_after_as_many_months_as_the_level_took() -> None:
    """Level 3 took two months: the second month below takes it down."""
    plan = autobroker(safety__hard_ratio=None)

    assert levels_of(plan, 5000, 5000, 2700, 2700) == [1, 3, 3, 2]
    assert fallen(plan, 3, 2700, 2700).cause == "below minimum"


def test_a_month_at_the_minimum_restarts_the_fall() -> None:
    """Months below must follow one another."""
    assert levels_of(autobroker(), 5000, 5000, 2700, 3000, 2700) == [1, 3, 3, 3, 3]


def test_immediate_falls_at_the_first_close_below() -> None:
    """One month is enough."""
    assert levels_of(autobroker(rollback__after=RollbackAfter.IMMEDIATE), 5000, 5000, 2700) == [1, 3, 2]


def test_daily_falls_at_the_first_close_below_too() -> None:
    """`daily` judges days as well as closes."""
    assert levels_of(autobroker(rollback__after=RollbackAfter.DAILY), 5000, 5000, 2700) == [1, 3, 2]


@pytest.mark.parametrize(("revenue", "level"), [(427, 0), ("427.50", 1), (449, 1)])
def test_below_means_below_the_minimum_less_the_hysteresis(revenue: str | int, level: int) -> None:
    """450 less 5 % is 427.50, which still carries level 1."""
    assert fallen(autobroker(), 1, revenue).level == level


def test_without_hysteresis_below_the_plain_minimum_is_below() -> None:
    """0 switches it off."""
    assert fallen(autobroker(rollback__hysteresis=Decimal(0)), 1, 449).level == 0


def test_activation_and_targets_use_the_plain_minimum() -> None:
    """2,900 keeps level 3 by hysteresis but does not activate it; 790 is no target for level 2."""
    plan = autobroker(rollback__target=RollbackTarget.BAND, rollback__after=RollbackAfter.IMMEDIATE)

    assert fallen(plan, 3, 2900).level == 3
    assert fallen(plan, 2, 2900, 2900).level == 2
    assert fallen(plan, 3, 790).level == 1


def test_the_hard_ratio_falls_at_once() -> None:
    """Cost above revenue takes a level down at the first close, whatever the debounce says."""
    decision = fallen(autobroker(), 3, 60000, 2332)

    assert (decision.level, decision.cause, decision.direction) == (2, "hard ratio", Direction.DOWN)
    assert fallen(autobroker(), 3, 60000, 2333).level == 3


def test_the_hard_ratio_always_takes_the_monthly_cost() -> None:
    """With `max_burn` as basis level 1 still stands at 450, for it costs 283."""
    plan = autobroker(safety__cost_basis=CostBasis.MAX_BURN, safety__brake=Brake.OFF)

    assert fallen(plan, 1, 450).level == 1
    assert fallen(plan, 1, 282).cause == "hard ratio"


def test_the_hard_ratio_can_be_switched_off_with_both_its_parts() -> None:
    """`off` leaves even a month without revenue to the debounce."""
    plan = autobroker(safety__hard_ratio=None)

    assert levels_of(plan, 5000, 5000, 0, 0) == [1, 3, 3, 0]


@pytest.mark.parametrize("revenue", [0, -5])
def test_no_revenue_falls_to_the_floor_at_once(revenue: int) -> None:
    """A close at or below 0 leaves only level 0."""
    decision = fallen(autobroker(), 4, 60000, revenue)

    assert (decision.level, decision.cause, decision.committed_cost_micros) == (0, "hard ratio", 50 * UNIT)


def test_the_brake_debounces_its_own_streak() -> None:
    """A ratio above 0.90 in as many months as the level took: 1,300 < 1,314.44."""
    plan = autobroker()

    assert levels_of(plan, 2000, 2000, 1300, 1300) == [1, 2, 2, 1]
    assert fallen(plan, 2, 1300, 1300).cause == "brake"


def test_below_minimum_and_above_ratio_are_two_streaks() -> None:
    """One month of each does not add up to two of either."""
    plan = autobroker(safety__hard_ratio=None)

    assert fallen(plan, 2, 1300, 2000).level == 2
    assert fallen(plan, 3, 2700, 2500).cause == "below minimum"
    assert fallen(plan, 3, 3000, 2500).level == 3


def test_the_brake_can_act_at_the_first_close() -> None:
    """`immediate` needs one month."""
    decision = fallen(autobroker(safety__brake=Brake.IMMEDIATE), 2, 2000, 1300)

    assert (decision.level, decision.cause) == (1, "brake")


def test_the_brake_can_be_off() -> None:
    """`off` leaves the ratio to the hard limit."""
    assert levels_of(autobroker(safety__brake=Brake.OFF), 2000, 2000, 1300, 1300, 1300) == [1, 2, 2, 2, 2]


def test_the_brake_judges_the_basis_cost() -> None:
    """With `max_burn` level 1 brakes below 888.89."""
    assert fallen(autobroker(safety__cost_basis=CostBasis.MAX_BURN), 1, 888).cause == "brake"


def test_the_brake_judges_the_closes_measure_whatever_the_ratio_months() -> None:
    """`average_3` lets a level rise by its mean, it does not soften the brake."""
    plan = autobroker(safety__ratio_months=RatioMonths.AVERAGE_3, safety__brake=Brake.IMMEDIATE)

    assert fallen(plan, 2, 9000, 9000, 1300).cause == "brake"


def test_an_affordable_target_holds_its_ratio() -> None:
    """At 1,000 level 2's minimum is met but its ratio is not: level 1."""
    assert fallen(autobroker(), 3, 1000).level == 1


def test_a_band_target_ignores_the_ratio() -> None:
    """At 1,000 `band` falls to level 2, and the next close judges that level."""
    plan = autobroker(rollback__target=RollbackTarget.BAND)

    assert levels_of(plan, 5000, 5000, 1000, 1000) == [1, 3, 2, 1]


def test_the_target_is_judged_by_the_month_just_closed() -> None:
    """Earlier months do not matter: two months at 2,000 fall to level 2, not to what the first allowed."""
    assert fallen(autobroker(), 4, 20000, 2000).level == 2


def test_a_fall_is_not_undone_by_the_same_close() -> None:
    """Going down is judged first, and what is left fails its activation too."""
    decision = fallen(autobroker(safety__brake=Brake.IMMEDIATE), 2, 1300, 1300)

    assert (decision.level, decision.eligible) == (1, (1,))


def test_the_floor_is_exempt() -> None:
    """Level 0 costs more than nothing and stays."""
    decision = fallen(autobroker(), 0, -100)

    assert (decision.level, decision.direction, decision.cause) == (0, Direction.STAY, "stay")


def test_an_unknown_price_is_no_reason_to_fall() -> None:
    """Unknown blocks rising; it never demotes."""
    plan = autobroker()
    part = msgspec.structs.replace(plan.components["part_1"], monthly_cost_micros=None)
    plan = msgspec.structs.replace(plan, components=plan.components | {"part_1": part})

    assert fallen(plan, 1, 450).level == 1

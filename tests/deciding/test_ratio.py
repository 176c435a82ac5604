"""The ratio, what is missing and the cap: RESOLUTIONS 1, 2, 5, 9 and ARCHITECTURE 8."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from config.plan import Plan
from config.policies import CostBasis, RatioMonths
from machines.deciding.decision import decide
from machines.deciding.facts import DecidedState, Decision
from machines.deciding.ratio import above
from tests.deciding.months import UNIT, autobroker, closed, levels_of


def judged(plan: Plan, *units: str | int) -> Decision:
    """The decision at the last close, from level 0."""
    return decide(plan, closed(*units), DecidedState())


def test_level_2_at_800_is_blocked_with_the_amount_that_is_missing() -> None:
    """1,183 / 0.90 - 800, rounded up to the micro."""
    (blocked,) = judged(autobroker(), 800, 800).blocked

    assert (blocked.level, blocked.missing_micros) == (2, 514_444_445)
    assert blocked.reason == "cost 1183.00 is above ratio 0.90 of 800.00"


def test_blocked_means_strictly_above() -> None:
    """A ratio of exactly 0.90 holds, one micro less revenue does not."""
    assert not above(90, 100, Decimal("0.90"))
    assert above(90, 99, Decimal("0.90"))


@pytest.mark.parametrize("measure", [0, -1])
def test_no_revenue_is_above_every_limit(measure: int) -> None:
    """The ratio of nothing is null and counts as above, even for a free level."""
    assert above(0, measure, Decimal(1000))


def test_every_asks_each_month_of_the_debounce() -> None:
    """One large payment does not buy level 4."""
    plan = autobroker()

    assert levels_of(plan, 38000, 39000, 39000) == [1, 3, 3]
    assert levels_of(plan, 38000, 39000, 39000, 39000) == [1, 3, 3, 4]


def test_current_asks_only_the_month_just_closed() -> None:
    """With `current` the two leaner months before do not matter."""
    assert levels_of(autobroker(safety__ratio_months=RatioMonths.CURRENT), 10000, 10000, 39000)[-1] == 4


def test_average_3_asks_the_mean_and_the_current_month() -> None:
    """38,888.89 must be reached by both."""
    plan = autobroker(safety__ratio_months=RatioMonths.AVERAGE_3)

    assert levels_of(plan, 30000, 47000, 40000)[-1] == 4
    assert levels_of(plan, 30000, 47000, 38000)[-1] == 3
    assert levels_of(plan, 30000, 40000, 40000)[-1] == 3


def test_average_3_takes_fewer_months_where_fewer_exist() -> None:
    """The mean of two months decides about level 2 in the second one."""
    plan = autobroker(safety__ratio_months=RatioMonths.AVERAGE_3)

    assert levels_of(plan, 900, 1800) == [1, 2]
    assert levels_of(plan, 800, 1800) == [1, 1]


def test_missing_is_measured_from_the_lowest_measure_tested() -> None:
    """With `average_3` the mean of 800 and 1,800 is 1,300: 14.444445 short."""
    plan = autobroker(safety__ratio_months=RatioMonths.AVERAGE_3)

    assert judged(plan, 800, 1800).blocked[0].missing_micros == 14_444_445


def test_max_burn_is_a_numerator_of_its_own() -> None:
    """With `max_burn` level 1 needs 800 / 0.90 while the committed cost stays the monthly one."""
    plan = autobroker(safety__cost_basis=CostBasis.MAX_BURN)
    decision = judged(plan, 800)

    assert decision.blocked[0].missing_micros == 88_888_889
    assert levels_of(plan, 889) == [1]
    assert judged(plan, 889).committed_cost_micros == 283 * UNIT


def test_an_unknown_price_blocks_with_that_reason() -> None:
    """Unknown is not zero."""
    plan = autobroker()
    components = plan.components | {
        "part_1": msgspec.structs.replace(plan.components["part_1"], monthly_cost_micros=None)
    }
    decision = judged(msgspec.structs.replace(plan, components=components), 60000)

    assert decision.level == 0
    assert [(each.reason, each.missing_micros) for each in decision.blocked] == [("unknown price of part_1", 0)]


def test_the_cap_is_the_lower_of_max_burn_and_the_share_of_the_lowest_month() -> None:
    """Level 2 with 1,400 and 5,000 may spend 1,260; with plenty, its max burn."""
    assert judged(autobroker(), 1400, 2500).cap_micros == 1260 * UNIT
    assert judged(autobroker(), 100, 60000).cap_micros == 800 * UNIT


def test_the_cap_is_rounded_down_to_the_micro() -> None:
    """0.9 x 450.000001 = 405.0000009."""
    assert judged(autobroker(), "450.000001").cap_micros == 405_000_000


def test_the_floor_has_no_cap() -> None:
    """Level 0 is exempt."""
    assert judged(autobroker(), 10).cap_micros is None


def test_a_hard_ratio_below_the_limit_blocks_instead_of_flapping() -> None:
    """A close never raises a level that it would take down at once."""
    plan = autobroker(safety__hard_ratio=Decimal("0.50"))
    decision = judged(plan, 560)

    assert (decision.level, decision.blocked[0].reason) == (0, "cost 283.00 is above hard ratio 0.50 of 560.00")
    assert decision.blocked[0].missing_micros == 6 * UNIT


def test_the_limit_that_is_in_the_way_is_named() -> None:
    """A lean month before fails `ratio_max` although the close itself is within the lower hard ratio."""
    plan = autobroker(safety__hard_ratio=Decimal("0.50"))

    assert judged(plan, 1200, 3000).blocked[0].reason == "cost 1183.00 is above ratio 0.90 of 1200.00"

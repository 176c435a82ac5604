"""Which months are listed, and what is said of each: issue 2, RESOLUTIONS 2, 3 and 15."""

from __future__ import annotations

import msgspec

from config.calendar import month_text
from config.policies import Basis, Measure
from machines.backtest import BacktestReport
from machines.revenue.payments import Interval
from tests.backtest.payments import monthly, paid, replayed, shop


def listed(report: BacktestReport) -> list[str]:
    """The months as texts."""
    return [month_text(each.month) for each in report.months]


def test_without_until_a_month_is_complete_when_a_later_one_has_a_payment() -> None:
    """The last month is never listed."""
    assert listed(replayed(shop(), monthly("10", "10", "10"))) == ["2024-01", "2024-02"]


def test_a_row_that_does_not_count_completes_no_month() -> None:
    """A pending payment of a later month proves nothing."""
    payments = [*monthly("10", "10"), paid("x", "2024-03-10", "10", status="pending")]

    assert listed(replayed(shop(), payments)) == ["2024-01"]


def test_until_a_months_last_day_completes_it() -> None:
    """Through the end of 31 March: March is complete, also without payments."""
    assert listed(replayed(shop(), monthly("10"), "2024-04-01T00:00:00Z")) == ["2024-01", "2024-02", "2024-03"]


def test_until_inside_a_month_leaves_it_out() -> None:
    """Its payments before that day count, later ones are held."""
    report = replayed(shop(), monthly("10", "10", "10"), "2024-03-01T12:00:00Z")

    assert (listed(report), report.payments.held_future) == (["2024-01", "2024-02"], 1)


def test_the_boundary_of_until_is_half_open() -> None:
    """A payment at that very instant is held."""
    at_noon = paid("a", "2024-02-01", "10")
    report = replayed(shop(), [*monthly("10"), at_noon], "2024-02-01T12:00:00Z")

    assert (report.payments.counted, report.payments.held_future) == (1, 1)


def test_a_month_without_payments_is_zero() -> None:
    """It is listed, and breaks streaks."""
    report = replayed(shop(), [*monthly("600"), *monthly("600", "600", first_month=3)])

    assert [each.revenue_micros for each in report.months] == [600_000_000, 0, 600_000_000]
    assert [each.level for each in report.months] == [1, 0, 1]


def test_months_follow_the_plans_time_zone() -> None:
    """1 February 00:30 in Rome is still January in UTC."""
    payment = msgspec.structs.replace(paid("a", "2024-01-31", "10"), created_at=1706743800000000)  # 23:30 UTC
    rome = msgspec.structs.replace(shop(), timezone="Europe/Rome")

    assert listed(replayed(shop(), [payment], "2024-03-01T00:00:00Z"))[0] == "2024-01"
    assert listed(replayed(rome, [payment], "2024-03-01T00:00:00Z"))[0] == "2024-02"


def test_mrr_is_the_trailing_figure_at_the_close() -> None:
    """January's window of 720 hours begins on the 2nd."""
    payments = [paid("a", "2024-01-01", "10"), paid("b", "2024-01-02", "20")]
    (month,) = replayed(shop(), payments, "2024-02-01T00:00:00Z").months

    assert (month.revenue_micros, month.mrr_micros) == (30_000_000, 20_000_000)


def test_the_deciding_measure_is_a_policy() -> None:
    """With `trailing_30d` the trailing figure decides, and ratio, mean and growth follow it."""
    payments = [paid("a", "2024-01-01", "400"), paid("b", "2024-01-02", "100"), paid("c", "2024-02-10", "300")]
    report = replayed(shop(revenue__measure=Measure.TRAILING_30D), payments, "2024-03-01T00:00:00Z")

    assert [each.measure_micros for each in report.months] == [100_000_000, 300_000_000]
    assert [each.level for each in report.months] == [0, 1]
    assert report.months[1].growth == "2.000000"


def test_the_committed_basis_spreads_a_year() -> None:
    """1,200 a year are 100 a month, also in months without payments."""
    payments = [paid("a", "2024-01-10", "1200", interval=Interval.YEAR)]
    report = replayed(shop(revenue__basis=Basis.COMMITTED), payments, "2024-03-01T00:00:00Z")

    assert [each.revenue_micros for each in report.months] == [100_000_000, 100_000_000]


def test_the_average_is_null_below_three_months() -> None:
    """Then it is the mean of three, six decimals half-even."""
    months = replayed(shop(), monthly("10", "10", "11", "1")).months

    assert [each.average_3m for each in months] == [None, None, "10.333333"]


def test_growth_is_null_without_a_positive_predecessor() -> None:
    """The first month has none, and nothing grows from zero."""
    months = replayed(shop(), [*monthly("100", "0", "50", "75"), paid("z", "2024-05-10", "1")]).months

    assert [each.growth for each in months] == [None, "-1.000000", None, "0.500000"]


def test_the_cost_ratio_is_null_without_revenue() -> None:
    """Nothing is divided by zero."""
    months = replayed(shop(), monthly("250", "0", "30", "1")).months

    assert [each.cost_ratio for each in months] == ["0.400000", None, "0.533333"]


def test_a_month_states_what_was_decided_at_its_close() -> None:
    """The level, its id, what it commits, what is eligible and what is blocked."""
    month = replayed(shop(), monthly("500", "500", "1"), None).months[1]

    assert (month.level, month.level_id, month.eligible, month.committed_micros) == (2, "large", (1, 2), 400_000_000)
    assert replayed(shop(), monthly("210", "1"), None).months[0].eligible == (1,)


def test_a_resting_component_is_committed_at_its_warm_cost() -> None:
    """After the fall the database rests warm at 6 beside the floor's 10."""
    months = replayed(shop(), monthly("250", "20", "1")).months

    assert [(each.level, each.committed_micros) for each in months] == [(1, 100_000_000), (0, 16_000_000)]

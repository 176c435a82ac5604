"""Cost accrues per second of its calendar month and is rounded once: issue 2."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendar import calendar_of
from config.money import divided_half_even
from config.policies import RollbackAfter
from machines.lifecycle_states import ComponentState
from tests.backtest.payments import monthly, paid, replayed, shop


def test_the_first_month_accrues_the_floor() -> None:
    """What its close decides begins with the next month: 10 + 100 + 100."""
    report = replayed(shop(), monthly("250", "250", "250", "1"))

    assert report.totals.cost_micros == 210_000_000


def test_always_on_is_the_top_level_throughout() -> None:
    """Three months of 400, and the difference is saved."""
    totals = replayed(shop(), monthly("250", "250", "250", "1")).totals

    assert (totals.cost_always_on_micros, totals.saved_micros) == (1_200_000_000, 990_000_000)


def test_resting_warm_costs() -> None:
    """The month after the fall costs the floor's 10 and the database's 6."""
    report = replayed(shop(), monthly("250", "20", "20", "1"))

    assert report.totals.cost_micros == 10_000_000 + 100_000_000 + 16_000_000


def test_prewarming_costs() -> None:
    """Search is warm at 30 while level 2 has one of its two months."""
    plan = shop(activation__prewarm_confidence=Decimal("0.5"))
    report = replayed(plan, monthly("600", "10", "1"))

    assert [each.committed_micros for each in report.months] == [130_000_000, 16_000_000]
    assert report.totals.cost_micros == 140_000_000


def test_partial_components_cost_in_full() -> None:
    """0.9 x 500 is 450: search at 300 rises beside level 1, a second part of 300 does not."""
    plan = shop(activation__partial=True)
    plan = msgspec.structs.replace(
        plan,
        components=plan.components | {"mail": msgspec.structs.replace(plan.components["search"], id="mail")},
        levels=(
            *plan.levels[:2],
            msgspec.structs.replace(plan.levels[2], components=("web", "database", "search", "mail")),
        ),
    )
    report = replayed(plan, monthly("500", "500", "1"))

    assert [(each.level, each.committed_micros) for each in report.months] == [(1, 100_000_000), (1, 400_000_000)]
    assert [each.component for each in report.transitions if each.cause == "level 2: partial activation"] == [
        "search"
    ] * 4


def test_a_daily_rollback_ends_the_cost_at_the_days_end() -> None:
    """The trailing figure falls on 9 March, 720 hours after the payment of 8 February 12:00."""
    plan = shop(rollback__after=RollbackAfter.DAILY, rollback__hysteresis=Decimal(0))
    payments = [paid("a", "2024-01-20", "250"), paid("b", "2024-02-08", "250"), paid("c", "2024-03-31", "250")]
    report = replayed(plan, payments, "2024-04-01T00:00:00Z")
    falls = [each for each in report.transitions if each.to_state is ComponentState.DEACTIVATING]
    ends_at = calendar_of("UTC").start_of(2024 * 12 + 2) + 9 * 86_400_000_000
    expected = 10_000_000 + 100_000_000 + Fraction(100_000_000 * 9 + 16_000_000 * 22, 31)

    assert {(each.at, each.cause) for each in falls if each.component != "files"} == {
        (ends_at, "level 0: below minimum")
    }
    assert report.totals.cost_micros == divided_half_even(expected.numerator, expected.denominator)


def test_daily_judges_no_day_on_the_floor() -> None:
    """Nothing can fall from there."""
    plan = shop(rollback__after=RollbackAfter.DAILY)

    assert {each.cause for each in replayed(plan, monthly("1", "1", "1")).transitions} == {"floor"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 900), min_size=2, max_size=14))
def test_the_total_is_what_adding_up_the_months_gives(amounts: list[int]) -> None:
    """Each month costs what was committed at the close before it, the first one the floor."""
    report = replayed(shop(), monthly(*map(str, amounts)))
    committed = [10_000_000, *(each.committed_micros for each in report.months[:-1])]

    assert report.totals.cost_micros == sum(committed)
    assert report.totals.saved_micros == 400_000_000 * len(report.months) - sum(committed)

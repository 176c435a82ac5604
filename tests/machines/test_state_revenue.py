"""What is known of revenue, folded from its events: ARCHITECTURE 4 and 6."""

from __future__ import annotations

import msgspec

from config.calendar import calendar_of
from config.instants import DAY
from machines.events import (
    EntryRejected,
    Mode,
    MonthClosed,
    MonthCorrected,
    PaymentsRecorded,
    RevenueMeasured,
    Started,
    WatermarkReached,
)
from machines.state.revenue import Counters, RevenueState, fold_revenue_event
from tests.machines.histories import MAY, NOW, SHOP, acting, decided, shop, then
from tests.revenue.payment_values import UNIT, counted

UTC = calendar_of("UTC")
PAID = counted("2024-05-10T00:00:00Z", 100)


def test_payments_are_booked_and_counted() -> None:
    """The book has their sum, the counters what became of each row."""
    event = PaymentsRecorded("payments", "1-0", NOW, (PAID,), duplicates=2, not_completed=3, converted=1)
    revenue = acting(event, event).revenue

    assert Counters(counted=2, duplicates=4, not_completed=6, converted=2) == revenue.counters
    assert 200 * UNIT == revenue.book.revenue_micros(MAY, SHOP.policies.revenue)


def test_rejections_and_corrections_are_counted() -> None:
    """They are no payments."""
    revenue = acting(EntryRejected("payments", "1-0", "amount", "", "{}"), MonthCorrected(MAY, "pay_1", 5)).revenue

    assert Counters(rejected=1, corrections=1) == revenue.counters


def test_the_source_is_heard_by_payments_and_watermarks() -> None:
    """When first, and when last."""
    revenue = acting(
        PaymentsRecorded("payments", "1-0", NOW), WatermarkReached("payments", "2-0", NOW, NOW + 5)
    ).revenue

    assert (NOW, NOW + 5) == (revenue.first_heard_at, revenue.heard_at)


def test_a_watermark_never_falls_back() -> None:
    """An older one, delivered later, takes nothing back."""
    first, older = WatermarkReached("payments", "1-0", NOW, NOW), WatermarkReached("payments", "2-0", NOW - 1, NOW)

    assert NOW == acting(first, older).revenue.watermark
    assert -5 == acting(WatermarkReached("payments", "1-0", -5, NOW)).revenue.watermark


def test_a_month_closes() -> None:
    """From then on it is a fact of the book."""
    revenue = acting(PaymentsRecorded("payments", "1-0", NOW, (PAID,)), MonthClosed(MAY, "time", 0, 0, 0, 0)).revenue

    assert MAY == revenue.book.closed_through


def test_days_are_forgotten_only_with_the_decision_that_judged_them() -> None:
    """A close alone keeps what a daily rollback has yet to judge; so does a decision that another one follows."""
    old = counted("2024-01-01T00:00:00Z", 100)
    closes = [MonthClosed(month, "time", 0, 0, 0, 0) for month in range(MAY - 4, MAY + 1)]
    state = acting(PaymentsRecorded("payments", "1-0", NOW, (old,)), *closes)
    policy, end = SHOP.policies.revenue, UTC.start_of(MAY - 4) + DAY
    trailing = [state.revenue.book.trailing_micros(end, policy)]
    then(state, msgspec.structs.replace(decided(0), actuated=False))
    trailing.append(state.revenue.book.trailing_micros(end, policy))
    then(state, decided(0))
    trailing.append(state.revenue.book.trailing_micros(end, policy))

    assert [100 * UNIT, 100 * UNIT, None] == trailing


def test_the_newest_reading_is_kept() -> None:
    """With its quality."""
    readings = [RevenueMeasured(NOW + n, n, n, MAY, n, "good") for n in range(2)]

    assert readings[1] == acting(*readings).revenue.measured


def test_months_are_those_of_the_plans_time_zone() -> None:
    """23:00 UTC of 30 April is May in Berlin."""
    event = PaymentsRecorded("payments", "1-0", NOW, (counted("2024-04-30T23:00:00Z", 7),))
    berlin = msgspec.structs.replace(shop(), timezone="Europe/Berlin")
    firsts = [acting(event, plan=plan).revenue.book.first_month for plan in (SHOP, berlin)]

    assert [MAY - 1, MAY] == firsts


def test_other_events_say_nothing_of_revenue() -> None:
    """They are ignored."""
    revenue = RevenueState()
    fold_revenue_event(revenue, Started("shop", "1", Mode.ACT), UTC)

    assert RevenueState() == revenue

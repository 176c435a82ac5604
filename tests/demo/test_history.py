from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from random import Random

import pytest

from config.calendar import calendar_of, month_text
from config.instants import DAY, instant_from_text
from config.money import MICROS_PER_UNIT
from daemon.demo.course import ONE_OFF_MICROS
from daemon.demo.history import FAILED, demo_history_end, demo_payments
from machines.revenue.payments import Interval, Kind, Payment

START = instant_from_text("2024-01-01T00:00:00Z")
SEEDS = range(40)


def history(seed: int = 7) -> list[Payment]:
    """The demonstration's payments for a seed."""
    return demo_payments(Random(seed), START)


def month_sums(payments: list[Payment]) -> list[int]:
    """The net of every calendar month, in whole units of the currency, cents dropped."""
    calendar = calendar_of("UTC")
    sums: dict[int, int] = defaultdict(int)
    for payment in payments:
        if payment.status == "completed":
            sign = -1 if payment.kind is Kind.REFUND else 1
            sums[calendar.month_of(payment.created_at)] += sign * payment.amount_micros
    return [sums[month] // MICROS_PER_UNIT for month in range(min(sums), max(sums) + 1)]


def test_the_same_seed_gives_the_same_history() -> None:
    """Two runs from one seed differ in nothing."""
    assert history(3) == history(3)


def test_another_seed_gives_another_history() -> None:
    """Two seeds do not share their payments."""
    assert history(3) != history(4)


def test_it_covers_two_years_in_order() -> None:
    """Payments are ordered by time, from the first month through the twenty-fourth."""
    payments = history()
    calendar = calendar_of("UTC")

    assert payments == sorted(payments, key=lambda payment: payment.created_at)
    assert month_text(calendar.month_of(payments[0].created_at)) == "2024-01"
    assert month_text(calendar.month_of(payments[-1].created_at)) == "2025-12"
    assert demo_history_end(START) == instant_from_text("2026-01-01T00:00:00Z")


def test_a_start_within_a_month_begins_with_that_month() -> None:
    """The history of a start in mid-month is that of the month's first instant."""
    assert demo_payments(Random(1), START + 12 * DAY) == demo_payments(Random(1), START)


@pytest.mark.parametrize("seed", SEEDS)
def test_ids_are_unique(seed: int) -> None:
    """No payment id occurs twice."""
    payments = history(seed)

    assert len(payments) == len({payment.payment_id for payment in payments})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_refund_gives_back_one_earlier_payment_of_its_customer(seed: int) -> None:
    """Each refund follows a completed payment of the same customer and amount, in the same month."""
    payments = {payment.payment_id: payment for payment in history(seed)}
    refunds = [payment for payment in payments.values() if payment.kind is Kind.REFUND]
    calendar = calendar_of("UTC")

    assert refunds
    for refund in refunds:
        paid = payments[refund.payment_id.replace("ref_", "pay_")]
        assert (paid.customer_id, paid.amount_micros, paid.status) == (
            refund.customer_id,
            refund.amount_micros,
            "completed",
        )
        assert paid.created_at < refund.created_at
        assert calendar.month_of(paid.created_at) == calendar.month_of(refund.created_at)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_refused_card_is_paid_two_days_later(seed: int) -> None:
    """Every failed payment is followed by a completed one of the same customer and amount."""
    payments = history(seed)
    completed = {(each.customer_id, each.amount_micros, each.created_at) for each in payments if each.status != FAILED}

    for payment in payments:
        if payment.status == FAILED:
            assert (payment.customer_id, payment.amount_micros, payment.created_at + 2 * DAY) in completed


def test_payers_by_the_month_and_by_the_year_are_billed_on_the_first() -> None:
    """After sign-up, a monthly customer and a renewing yearly one are first asked for money on the 1st."""
    calendar = calendar_of("UTC")
    seen: set[str] = set()
    renewed = 0
    for payment in history():
        if payment.kind is Kind.PAYMENT and payment.customer_id in seen:
            day = calendar.day_of(payment.created_at).day
            assert day in {1, 3}  # the 3rd where the card was refused on the 1st
            renewed += payment.interval is Interval.YEAR
        seen.add(payment.customer_id)

    assert renewed


def test_customers_leave_while_the_business_grows() -> None:
    """Before the collapse some monthly customers pay for the last time."""
    before_collapse = [payment for payment in history() if payment.created_at < START + 500 * DAY]
    last_paid = {payment.customer_id: payment.created_at for payment in before_collapse}
    monthly = {payment.customer_id for payment in before_collapse if payment.interval is Interval.MONTH}

    gone = [each for each in monthly if last_paid[each] < START + 450 * DAY]

    assert len(gone) > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_one_large_one_off_comes_early(seed: int) -> None:
    """There is one one-off, in the third month, larger than any month before level 4."""
    payments = history(seed)
    (one_off,) = [payment for payment in payments if payment.interval is Interval.ONE_OFF]

    assert one_off.amount_micros == ONE_OFF_MICROS
    assert one_off.created_at == instant_from_text("2024-03-17T14:00:00Z")


@pytest.mark.parametrize("seed", SEEDS)
def test_month_sums_walk_every_level_up_and_down(seed: int) -> None:
    """The net months meet each level's minimum and cost ratio for as long as it asks, then fall below level 1."""
    sums = month_sums(history(seed))
    limit_4, limit_2 = 38_889, 1_315

    assert sums[0] < 450 <= sums[1]
    assert sums[2] > limit_4 > sums[3]
    assert all(800 <= month < limit_2 for month in sums[3:5])
    assert min(sums[5:8]) >= limit_2
    assert min(sums[8:10]) >= 3_000
    assert max(sums[3:14]) < limit_4
    assert min(sums[14:17]) >= limit_4
    assert 2_593 < sums[18] < 35_000
    assert all(later < earlier for earlier, later in pairwise(sums[17:]))
    assert sums[23] < 427

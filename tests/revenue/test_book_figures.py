"""The book against a naive recomputation over the whole list of payments."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import Calendar, Month, calendar_of, month_from_text
from config.instants import HOUR, Instant, datetime_from_instant
from config.policies import Basis, RevenuePolicy
from machines.events import CountedPayment
from machines.revenue.book import RevenueBook
from machines.revenue.payments import Interval, Kind
from tests.revenue.payment_values import UNIT, at, counted, counted_payments, instants, zones

policies = st.builds(
    RevenuePolicy,
    basis=st.sampled_from(Basis),
    net=st.booleans(),
    take_rate=st.sampled_from([Decimal(1), Decimal("0.125"), Decimal("0.3333")]),
)


def book_of(payments: list[CountedPayment], calendar: Calendar) -> RevenueBook:
    """A book to which the payments were added in that order."""
    book = RevenueBook()
    for payment in payments:
        book.add(payment, calendar)
    return book


def naive_dated_amounts(payments: list[CountedPayment], calendar: Calendar, basis: Basis) -> list[tuple[Instant, int]]:
    """Every amount with its date and sign, by the words of RESOLUTIONS 12."""
    dated = []
    for payment in payments:
        sign = 1 if payment.kind is Kind.PAYMENT else -1
        whole = basis is Basis.ALL or payment.interval is Interval.MONTH
        if whole:
            dated.append((payment.created_at, sign * payment.amount_micros))
        elif payment.interval is Interval.YEAR:
            twelfth = payment.amount_micros // 12
            amounts = [twelfth] * 11 + [payment.amount_micros - 11 * twelfth]
            dated += [
                (calendar.months_later(payment.created_at, number), sign * amount)
                for number, amount in enumerate(amounts)
            ]
    return dated


def naive_sum(dated: list[tuple[Instant, int]], start: Instant, end: Instant, policy: RevenuePolicy) -> int:
    """The sum over `[start, end)` by `net` and `take_rate`, in decimals."""
    amounts = [amount for moment, amount in dated if start <= moment < end and (policy.net or amount > 0)]
    return int((Decimal(sum(amounts)) * policy.take_rate).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@given(payments=counted_payments(), zone=zones, policy=policies)
def test_closed_months_equal_a_naive_recomputation(
    payments: list[CountedPayment], zone: str, policy: RevenuePolicy
) -> None:
    """Every month's revenue and window equal the sum over the list, in any zone, by any policy."""
    calendar = Calendar(zone)
    book = book_of(payments, calendar)
    dated = naive_dated_amounts(payments, calendar, policy.basis)
    for month in range(month_from_text("2023-10"), month_from_text("2025-08")):
        start, end = calendar.start_of(month), calendar.end_of(month)

        figures = book.month_figures(month, policy)

        assert naive_sum(dated, start, end, policy) == figures.revenue_micros
        assert naive_sum(dated, end - 720 * HOUR, end, policy) == figures.trailing_micros


@given(payments=counted_payments(), zone=zones, policy=policies, now=instants)
def test_the_live_figures_equal_a_naive_recomputation(
    payments: list[CountedPayment], zone: str, policy: RevenuePolicy, now: Instant
) -> None:
    """The trailing figure and the running month are exact at any instant, later payments held."""
    calendar = Calendar(zone)
    book = book_of(payments, calendar)
    dated = naive_dated_amounts(payments, calendar, policy.basis)
    month_start = calendar.start_of(calendar.month_of(now))

    assert naive_sum(dated, now - 720 * HOUR, now, policy) == book.trailing_micros(now, policy)
    assert naive_sum(dated, month_start, now, policy) == book.month_to_date_micros(now, calendar, policy)
    assert sum(payment.created_at >= now for payment in payments) == book.held_future(now)


@given(payments=counted_payments(), seed=st.randoms(use_true_random=False), zone=zones, now=instants)
def test_the_order_of_arrival_changes_nothing(
    payments: list[CountedPayment], seed: object, zone: str, now: Instant
) -> None:
    """Any permutation of the payments gives the same months, windows and live figure (I5)."""
    calendar = Calendar(zone)
    shuffled = list(payments)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    book, other = book_of(payments, calendar), book_of(shuffled, calendar)

    assert (book.first_month, book.months, book.windows) == (other.first_month, other.months, other.windows)
    assert book.trailing_micros(now, RevenuePolicy()) == other.trailing_micros(now, RevenuePolicy())


@pytest.mark.parametrize("codec", [msgspec.json, msgspec.msgpack])
@given(payments=counted_payments(), cut=st.integers(0, 30), closes=st.integers(0, 3), now=instants)
def test_a_restart_in_the_middle_changes_nothing(
    codec: object, payments: list[CountedPayment], cut: int, closes: int, now: Instant
) -> None:
    """A book that was encoded and decoded between two payments goes on to the same figures."""
    calendar = calendar_of("Europe/Berlin")
    straight, restarted = book_of(payments[:cut], calendar), book_of(payments[:cut], calendar)
    for book in (straight, restarted):
        for _ in range(closes if payments[:cut] else 0):
            assert book.next_month is not None
            book.close(book.next_month, calendar)
    restarted = codec.decode(codec.encode(restarted), type=RevenueBook)  # type: ignore[attr-defined]
    for payment in payments[cut:]:
        straight.add(payment, calendar)
        restarted.add(payment, calendar)

    assert straight == restarted
    assert straight.figures(RevenuePolicy()) == restarted.figures(RevenuePolicy())
    assert straight.trailing_micros(now, RevenuePolicy()) == restarted.trailing_micros(now, RevenuePolicy())


def test_a_window_is_half_open() -> None:
    """A payment exactly 720 hours old still counts, one dated now does not yet (RESOLUTIONS 11)."""
    calendar, policy = calendar_of("UTC"), RevenuePolicy()
    book = book_of([counted("2024-01-01T00:00:00Z", 5)], calendar)

    assert book.trailing_micros(at("2024-01-01T00:00:00Z"), policy) == 0
    assert book.trailing_micros(at("2024-01-31T00:00:00Z"), policy) == 5 * UNIT
    assert book.trailing_micros(at("2024-01-31T00:00:00Z") + 1, policy) == 0


def test_the_first_of_a_long_month_is_outside_its_own_window_and_february_counts_both() -> None:
    """Customers billed on the 1st vanish from the trailing figure of a month of 31 days and stay in February's."""
    calendar, policy = calendar_of("UTC"), RevenuePolicy()
    book = book_of(
        [counted("2024-01-01T00:00:00Z", 5), counted("2024-02-01T00:00:00Z", 7), counted("2024-01-31T00:00:00Z", 11)],
        calendar,
    )

    january, february = (book.month_figures(month_from_text(text), policy) for text in ("2024-01", "2024-02"))

    assert (16 * UNIT, 11 * UNIT) == (january.revenue_micros, january.trailing_micros)
    assert (7 * UNIT, 18 * UNIT) == (february.revenue_micros, february.trailing_micros)


def test_a_yearly_payment_is_spread_with_its_remainder_last() -> None:
    """100 a year is 8.333333 for eleven months and 8.333337 in the twelfth; `all` takes it whole."""
    calendar = calendar_of("UTC")
    book = book_of([counted("2024-01-31T10:00:00Z", 100, interval=Interval.YEAR)], calendar)
    first = month_from_text("2024-01")
    committed = [book.revenue_micros(first + number, RevenuePolicy(), Basis.COMMITTED) for number in range(13)]

    assert [8_333_333] * 11 + [8_333_337, 0] == committed
    assert 100 * UNIT == book.revenue_micros(first, RevenuePolicy(), Basis.ALL)
    assert 0 == book.revenue_micros(first + 1, RevenuePolicy(), Basis.ALL)


def test_the_share_kept_is_rounded_once_per_month() -> None:
    """Two payments of half a micro's share come to one micro, not to two zeros (RESOLUTIONS 13)."""
    calendar = calendar_of("UTC")
    book = RevenueBook()
    for number in range(2):
        book.add(CountedPayment(f"pay_{number}", Kind.PAYMENT, 1, at("2024-01-05T00:00:00Z"), Interval.MONTH), calendar)
    month: Month = month_from_text("2024-01")

    assert 1 == book.revenue_micros(month, RevenuePolicy(take_rate=Decimal("0.5")))


def test_first_instants_rule_where_clocks_go_back_across_midnight() -> None:
    """In St. John's the first minute of November 2009 came twice with an October between; months stay half open."""
    calendar = Calendar("America/St_Johns")
    november = calendar.start_of(month_from_text("2009-11"))
    moment = november + 30 * 60 * UNIT
    fresh = Calendar("America/St_Johns")
    text = datetime_from_instant(moment).isoformat()
    book = book_of([counted(text, 3)], fresh)

    assert month_from_text("2009-11") == book.first_month

"""Closing months in the book, late payments, and what is kept."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.calendar import Calendar, calendar_of, month_from_text
from config.instants import DAY, HOUR
from config.policies import Basis, RevenuePolicy
from machines.events import CountedPayment
from machines.revenue.book import Correction, RevenueBook
from machines.revenue.payments import Interval, Kind
from machines.revenue.recent import RecentPostings
from tests.revenue.payment_values import UNIT, at, counted, counted_payments

CALENDAR = calendar_of("UTC")
POLICY = RevenuePolicy()
JANUARY = month_from_text("2024-01")


def closed_book(*payments: CountedPayment, months: int) -> RevenueBook:
    """A book with these payments and so many closed months."""
    book = RevenueBook()
    for payment in payments:
        book.add(payment, CALENDAR)
    for _ in range(months):
        assert book.next_month is not None
        book.close(book.next_month, CALENDAR)
    return book


def test_the_first_month_is_that_of_the_earliest_payment() -> None:
    """A later arrival with an earlier date moves the first month back (RESOLUTIONS 3)."""
    book = closed_book(counted("2024-03-09T00:00:00Z", 1), counted("2024-01-31T23:59:59Z", 1), months=0)

    assert JANUARY == book.first_month
    assert JANUARY == book.next_month


def test_a_month_without_payments_closes_at_zero() -> None:
    """A quiet month between two others is 0 and stands in the figures."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), counted("2024-03-09T00:00:00Z", 6), months=3)

    assert [4 * UNIT, 0, 6 * UNIT] == [each.revenue_micros for each in book.figures(POLICY)]
    assert [JANUARY, JANUARY + 1, JANUARY + 2] == [each.month for each in book.figures(POLICY)]


def test_the_last_figures_are_the_end_of_all_figures() -> None:
    """Asking for the last two gives the last two."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=5)

    assert book.figures(POLICY)[-2:] == book.figures(POLICY, last=2)
    assert book.figures(POLICY) == book.figures(POLICY, last=99)


def test_months_close_in_order_and_once() -> None:
    """A gap, a repetition and a close without payments are refused by name."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=1)

    with pytest.raises(ValueError, match="cannot close 2024-03: 2024-02 is next"):
        book.close(JANUARY + 2, CALENDAR)
    with pytest.raises(ValueError, match="2024-02 is next"):
        book.close(JANUARY, CALENDAR)
    with pytest.raises(ValueError, match="no payment was counted"):
        RevenueBook().close(JANUARY, CALENDAR)


def test_a_payment_for_a_closed_month_is_a_correction() -> None:
    """It is late, changes the closed figure, and the change is told before it is added."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=1)
    late = counted("2024-01-31T23:00:00Z", 3, kind=Kind.REFUND, payment_id="pay_2")
    corrections = book.corrections(late, CALENDAR, POLICY)
    book.add(late, CALENDAR)

    assert book.is_late(late.created_at, CALENDAR)
    assert (Correction(JANUARY, -3 * UNIT),) == corrections
    assert 1 * UNIT == book.figures(POLICY)[0].revenue_micros


def test_a_payment_for_an_open_month_corrects_nothing() -> None:
    """The first instant after a closed month is not late."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=1)
    payment = counted("2024-02-01T00:00:00Z", 3, payment_id="pay_2")

    assert not book.is_late(payment.created_at, CALENDAR)
    assert () == book.corrections(payment, CALENDAR, POLICY)


def test_a_late_one_off_corrects_its_committed_month_by_nothing() -> None:
    """Its own month is named even where the delta is 0 under the policy."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=1)
    late = counted("2024-01-10T00:00:00Z", 3, interval=Interval.ONE_OFF, payment_id="pay_2")

    assert (Correction(JANUARY, 0),) == book.corrections(late, CALENDAR, RevenuePolicy(basis=Basis.COMMITTED))


@given(payments=counted_payments())
def test_corrections_are_the_difference_of_the_figures(payments: list[CountedPayment]) -> None:
    """For every late payment the told deltas equal the change of each closed month, under `committed`."""
    policy = RevenuePolicy(basis=Basis.COMMITTED)
    book = closed_book(counted("2023-12-09T00:00:00Z", 4), months=4)
    for payment in payments:
        before = {each.month: each.revenue_micros for each in book.figures(policy)}
        told = {each.month: each.delta_micros for each in book.corrections(payment, CALENDAR, policy)}
        book.add(payment, CALENDAR)
        after = {each.month: each.revenue_micros for each in book.figures(policy)}
        changed = {
            month: after[month] - before.get(month, 0) for month in after if after[month] != before.get(month, 0)
        }

        assert changed == {month: delta for month, delta in told.items() if delta}


def test_a_close_forgets_what_can_never_matter_again() -> None:
    """Postings older than 62 days before the last close go; a window that would need them is unknown, not 0."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=4)

    assert {} == book.recent.days
    assert book.trailing_micros(at("2024-02-01T00:00:00Z"), POLICY) is None
    assert book.trailing_micros(at("2024-05-01T00:00:00Z"), POLICY) == 0


def test_days_can_be_judged_after_their_months_closed() -> None:
    """A close may leave forgetting to `forget_closed`."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=0)
    for month in range(JANUARY, JANUARY + 4):
        book.close(month, CALENDAR, forget=False)

    assert 4 * UNIT == book.trailing_micros(at("2024-02-01T00:00:00Z"), POLICY)

    book.forget_closed(CALENDAR)

    assert book.trailing_micros(at("2024-02-01T00:00:00Z"), POLICY) is None


def test_every_day_of_the_open_month_finds_its_window_after_a_close() -> None:
    """Closing a month leaves all that the next month's day ends and a late clock need."""
    payments = [counted(f"2024-01-{day:02d}T12:00:00Z", 1, payment_id=f"pay_{day}") for day in range(1, 32)]
    book, fresh = closed_book(*payments, months=1), closed_book(*payments, months=0)
    for day in range(1, 30):
        end = CALENDAR.start_of(JANUARY + 1) + day * DAY

        assert fresh.trailing_micros(end, POLICY) == book.trailing_micros(end, POLICY)


def test_a_late_payment_older_than_what_is_kept_still_counts_in_its_month() -> None:
    """Forgetting concerns the live window only."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=4)
    book.add(counted("2024-01-10T00:00:00Z", 5, payment_id="pay_2"), CALENDAR)

    assert 9 * UNIT == book.figures(POLICY)[0].revenue_micros
    assert {} == book.recent.days


def test_what_was_forgotten_is_not_taken_again() -> None:
    """A posting dated before what is kept is left out, one on its first instant is not."""
    recent = RecentPostings(kept_from=at("2024-03-09T00:00:00Z"))
    recent.add(at("2024-03-09T00:00:00Z") - 1, 0, 5)
    recent.add(at("2024-03-09T00:00:00Z"), 0, 7)

    assert [7, 0, 0, 0, 0, 0] == recent.between(at("2024-03-09T00:00:00Z"), at("2024-03-10T00:00:00Z"))
    assert recent.between(at("2024-03-09T00:00:00Z") - 1, at("2024-03-10T00:00:00Z")) is None
    assert [at("2024-03-09T00:00:00Z") // DAY] == list(recent.days)


def test_only_what_is_dated_later_waits() -> None:
    """Of the payments of one day and one hour those before the instant are not held, those at it and after it are."""
    recent = RecentPostings()
    noon = at("2024-03-09T12:00:00Z")
    for moment in (noon - HOUR, noon - 1, noon, noon + 1, noon + HOUR, noon + DAY):
        recent.add(moment, 0, 5)

    assert [noon, noon + 1, noon + HOUR, noon + DAY] == sorted(dated for dated, _, _ in recent.later(noon))


def test_a_window_sums_whole_hours_and_parts_of_hours() -> None:
    """The stretch from 09:30 to 12:15 takes half of two hours and the two between."""
    recent = RecentPostings()
    for number, time in enumerate(("09:29", "09:30", "10:00", "11:59", "12:14", "12:15")):
        recent.add(at(f"2024-03-09T{time}:00Z"), 0, 10**number)

    assert [11_110, 0, 0, 0, 0, 0] == recent.between(at("2024-03-09T09:30:00Z"), at("2024-03-09T12:15:00Z"))


_INSTANTS = st.builds(
    lambda days, hours, beside: days * DAY + hours * HOUR + beside,
    st.integers(19_000, 19_003),
    st.integers(0, 24),
    st.sampled_from((0, 0, -1, 1, HOUR // 2)),
)


@given(
    postings=st.lists(st.tuples(_INSTANTS, st.integers(0, 5), st.integers(-9, 9)), max_size=12),
    start=_INSTANTS,
    end=_INSTANTS,
)
@example(postings=[(19_000 * DAY, 0, 1), (19_001 * DAY - 1, 0, 2)], start=19_000 * DAY, end=19_001 * DAY)
@example(postings=[(19_000 * DAY, 0, 1)], start=19_001 * DAY, end=19_000 * DAY)
@example(postings=[(19_000 * DAY, 0, 1)], start=19_000 * DAY, end=19_000 * DAY)
def test_a_window_is_what_its_postings_add_up_to(postings: list[tuple[int, int, int]], start: int, end: int) -> None:
    """Whole days, whole hours and single postings together miss none and count none twice; backwards is nothing."""
    recent, expected = RecentPostings(), [0] * 6
    for dated, column, micros in postings:
        recent.add(dated, column, micros)
        expected[column] += micros if start <= dated < end else 0

    assert expected == recent.between(start, end)


def test_without_a_close_nothing_is_forgotten() -> None:
    """`forget_closed` looks at closed months only."""
    book = closed_book(counted("2024-01-09T00:00:00Z", 4), months=0)
    book.forget_closed(CALENDAR)

    assert 0 == book.recent.kept_from
    assert () == book.figures(POLICY)


def test_many_calendars_do_not_mix() -> None:
    """Each payment falls into the month of the calendar it is added with, however many calendars there are."""
    calendars = [Calendar(zone) for zone in ("UTC", "America/New_York") for _ in range(20)]
    moment = counted("2024-02-01T02:00:00Z", 1)
    books = [RevenueBook() for _ in calendars]
    for _ in range(2):
        for book, calendar in zip(books, calendars, strict=True):
            book.add(moment, calendar)

    assert [JANUARY + 1] * 20 + [JANUARY] * 20 == [book.first_month for book in books]


def test_forgetting_never_goes_back() -> None:
    """An earlier instant after a later one changes nothing."""
    book = closed_book(counted("2024-03-09T00:00:00Z", 4), months=0)
    book.forget_before(at("2024-03-09T13:00:00Z"))
    book.forget_before(at("2024-01-01T00:00:00Z"))

    assert at("2024-03-09T00:00:00Z") == book.recent.kept_from
    assert 1 == len(book.recent.days)


def test_a_book_for_closes_knows_no_live_figure() -> None:
    """Its months are exact; its live figures are unknown."""
    book = RevenueBook.for_closes_only()
    book.add(counted("2024-01-09T00:00:00Z", 4), CALENDAR)

    assert 4 * UNIT == book.revenue_micros(JANUARY, POLICY)
    assert book.trailing_micros(at("2024-01-10T00:00:00Z"), POLICY) is None
    assert book.month_to_date_micros(at("2024-01-10T00:00:00Z"), CALENDAR, POLICY) is None

"""Which months may close: by watermark, by time, or not, and why."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.calendar import calendar_of, month_from_text
from config.instants import DAY, HOUR, instant_from_text
from config.policies import Measure, RevenuePolicy
from machines.revenue.book import RevenueBook
from machines.revenue.closing import Close, Closing, Source, StaysOpen, judge_closing, watermark_fault
from tests.revenue.payment_values import at, counted

CALENDAR = calendar_of("Europe/Berlin")
JANUARY = month_from_text("2024-01")
JANUARY_END = at("2024-02-01T00:00:00+01:00")


def a_book(*units: int) -> RevenueBook:
    """A book whose months from January 2024 on have so many units each, on the 15th."""
    book = RevenueBook()
    for number, amount in enumerate(units):
        date = f"2024-{number + 1:02d}-15T00:00:00Z"
        book.add(counted(date, amount, payment_id=f"pay_{number}"), CALENDAR)
    return book


def judged(book: RevenueBook, policy: RevenuePolicy | None = None, **source: Any) -> Closing:
    """The closing at a moment, with a trusted clock and something just heard unless said otherwise."""
    facts: dict[str, Any] = {"clock_trusted": True, "heard_at": source["now"]}
    return judge_closing(book, Source(**(facts | source)), policy or RevenuePolicy(), CALENDAR)


def test_without_a_payment_there_is_no_month() -> None:
    """Nothing closes, and it is no freeze."""
    closing = judged(RevenueBook(), now=JANUARY_END, watermark=JANUARY_END)

    assert ((), StaysOpen.NO_PAYMENT, None) == (closing.closes, closing.stays_open, closing.month)
    assert not closing.freezes


def test_a_month_closes_at_the_watermark_of_its_end_in_the_plan_s_zone() -> None:
    """One microsecond less leaves it open."""
    exact = judged(a_book(5), now=JANUARY_END, watermark=JANUARY_END)
    short = judged(a_book(5), now=JANUARY_END, watermark=JANUARY_END - 1)

    assert (Close(JANUARY, "watermark"),) == exact.closes
    assert ((), StaysOpen.TOO_EARLY) == (short.closes, short.stays_open)
    assert "2024-01 stays open: it closes at 2024-02-01T23:00:00Z" in short.reason


def test_a_watermark_closes_every_month_before_it_confirmed() -> None:
    """An import's end closes its whole history in order, a collapse to nothing included."""
    closing = judged(a_book(100, 1), now=at("2026-01-01T00:00:00Z"), watermark=at("2024-05-01T00:00:00Z"))

    assert [JANUARY, JANUARY + 1, JANUARY + 2] == [close.month for close in closing.closes[:3]]
    assert {"watermark"} == {close.by for close in closing.closes[:3]}


def test_a_watermark_ahead_of_the_clock_waits_for_the_clock() -> None:
    """A mistyped year closes nothing that has not ended."""
    closing = judged(a_book(5), now=JANUARY_END + 1, watermark=at("2199-01-01T00:00:00Z"))

    assert (Close(JANUARY, "watermark"),) == closing.closes
    assert StaysOpen.TOO_EARLY is closing.stays_open


def test_a_watermark_closes_without_a_trusted_clock() -> None:
    """The source's word needs no clock."""
    closing = judged(a_book(5), now=JANUARY_END, watermark=JANUARY_END, clock_trusted=False)

    assert (Close(JANUARY, "watermark"),) == closing.closes
    assert StaysOpen.CLOCK is closing.stays_open


def test_time_closes_after_the_delay() -> None:
    """24 hours after the end exactly, with something heard at or after the end."""
    due = JANUARY_END + 24 * HOUR

    assert StaysOpen.TOO_EARLY is judged(a_book(5), now=due - 1).stays_open
    assert (Close(JANUARY, "time"),) == judged(a_book(5), now=due, heard_at=JANUARY_END).closes


def test_a_source_silent_since_the_end_leaves_the_month_open_and_freezes() -> None:
    """Silence is unknown, not zero."""
    for heard_at in (JANUARY_END - 1, None):
        closing = judged(a_book(5), now=JANUARY_END + 9 * DAY, heard_at=heard_at)

        assert ((), StaysOpen.SILENT, JANUARY) == (closing.closes, closing.stays_open, closing.month)
        assert closing.freezes


def test_an_untrusted_clock_closes_no_month_on_its_own() -> None:
    """However far it jumped."""
    closing = judged(a_book(5), now=JANUARY_END + 400 * DAY, clock_trusted=False)

    assert ((), StaysOpen.CLOCK) == (closing.closes, closing.stays_open)
    assert closing.freezes


def test_an_implausible_fall_waits_for_a_watermark() -> None:
    """Time closes the good month and stops at the collapsed one; the watermark closes it."""
    now = at("2024-03-05T00:00:00Z")
    by_time = judged(a_book(100, 49), now=now)
    by_watermark = judged(a_book(100, 49), now=now, watermark=now)

    assert (Close(JANUARY, "time"),) == by_time.closes
    assert (StaysOpen.IMPLAUSIBLE, JANUARY + 1) == (by_time.stays_open, by_time.month)
    assert "fell from 100.00 to 49.00" in by_time.reason
    assert (Close(JANUARY, "watermark"), Close(JANUARY + 1, "watermark")) == by_watermark.closes


def test_a_fall_is_held_against_the_month_closed_before() -> None:
    """Also when that one closed in an earlier judgement."""
    book = a_book(100, 49)
    book.close(JANUARY, CALENDAR)

    assert StaysOpen.IMPLAUSIBLE is judged(book, now=at("2024-03-05T00:00:00Z")).stays_open


def test_plausibility_looks_at_the_deciding_measure() -> None:
    """Under `trailing_30d` the fall of the calendar month does not matter."""
    book = a_book(100)
    book.add(counted("2024-01-31T12:00:00Z", 900, payment_id="late"), CALENDAR)
    now = at("2024-03-05T00:00:00Z")

    assert 1 == len(judged(book, now=now).closes)
    assert 2 == len(judged(book, RevenuePolicy(measure=Measure.TRAILING_30D), now=now).closes)


@given(
    days=st.integers(0, 500),
    heard=st.none() | st.integers(0, 500),
    watermark=st.none() | st.integers(0, 500),
    trusted=st.booleans(),
)
def test_only_months_that_have_ended_close_and_in_order(
    days: int, heard: int | None, watermark: int | None, trusted: bool
) -> None:
    """Whatever the source says, closes are consecutive, over, and followed by the month that stays open."""
    start = at("2024-01-01T00:00:00Z")
    now = start + days * DAY
    book = a_book(10, 3, 20, 0, 5)
    closing = judged(
        book,
        now=now,
        clock_trusted=trusted,
        heard_at=None if heard is None else start + heard * DAY,
        watermark=None if watermark is None else start + watermark * DAY,
    )

    assert [JANUARY + number for number in range(len(closing.closes) + 1)] == [
        *(close.month for close in closing.closes),
        closing.month,
    ]
    assert all(CALENDAR.end_of(close.month) <= now for close in closing.closes)
    for close in closing.closes:
        book.close(close.month, CALENDAR)


def test_a_watermark_of_the_future_is_a_fault() -> None:
    """Nobody has sent the payments that are still to come: a mistyped year must not close months as 0."""
    now = instant_from_text("2026-11-30T23:59:45Z")

    fault = watermark_fault(instant_from_text("2031-12-31T00:00:00Z"), now)

    assert fault is not None
    assert "2031-12-31T00:00:00Z" in fault


def test_a_watermark_of_a_clock_a_little_ahead_is_none() -> None:
    """Two machines' clocks differ by less than a day; a watermark within it waits for ours."""
    now = instant_from_text("2026-11-30T23:59:45Z")

    assert watermark_fault(instant_from_text("2026-12-01T00:00:00Z"), now) is None

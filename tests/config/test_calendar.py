"""Months and days of a time zone are half-open ranges of instants without gaps."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import Calendar, month_from_text, month_text
from config.instants import DAY, HOUR, InstantError, instant_from_text, instant_text

ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"])
INSTANTS = st.integers(0, 80 * 365 * DAY)


@given(ZONES, st.lists(INSTANTS, min_size=1, max_size=8))
def test_an_instant_lies_in_its_own_month(zone: str, instants: list[int]) -> None:
    """Also where months were remembered around another instant before."""
    calendar = Calendar(zone)
    for instant in instants:
        month = calendar.month_of(instant)
        assert calendar.start_of(month) <= instant < calendar.end_of(month)
        assert calendar.month_of(calendar.end_of(month)) == month + 1
        assert calendar.month_of(calendar.start_of(month) - 1) == month - 1


@given(ZONES, INSTANTS)
def test_an_instant_lies_in_its_own_day(zone: str, instant: int) -> None:
    """The day's end is the first instant of another day, at most 25 hours away."""
    calendar = Calendar(zone)
    end = calendar.day_end(calendar.day_of(instant))

    assert instant < end <= instant + 25 * HOUR
    assert calendar.day_of(end) > calendar.day_of(end - 1)


def test_months_later_keeps_the_day_where_it_exists() -> None:
    """A yearly payer of 29 February is due on the 28th, and the local hour survives the change of clocks."""
    calendar = Calendar("Europe/Rome")
    january = instant_from_text("2024-01-31T09:00:00+01:00")
    leap_day = instant_from_text("2024-02-29T09:00:00+01:00")

    assert calendar.months_later(january, 1) == leap_day
    assert calendar.months_later(january, 6) == instant_from_text("2024-07-31T09:00:00+02:00")
    assert calendar.months_later(leap_day, 12) == instant_from_text("2025-02-28T09:00:00+01:00")
    assert calendar.months_later(january, -1) == instant_from_text("2023-12-31T09:00:00+01:00")


@given(st.integers(1970 * 12, 2999 * 12))
def test_a_month_is_written_and_read(month: int) -> None:
    """The text is the month."""
    assert month_from_text(month_text(month)) == month


@given(INSTANTS)
def test_an_instant_is_written_and_read(instant: int) -> None:
    """To the microsecond."""
    assert instant_from_text(instant_text(instant)) == instant


@pytest.mark.parametrize("text", ["", "2024-01-31", "2024-01-31T09:00:00", "2024-02-30T00:00:00Z", "now", "9" * 400])
def test_a_time_needs_its_zone(text: str) -> None:
    """A time without one could be any of 26 hours."""
    with pytest.raises(InstantError, match="expected a"):
        instant_from_text(text)


def test_the_days_around_a_change_of_clocks_have_23_and_25_hours() -> None:
    """Rome, 2024."""
    calendar = Calendar("Europe/Rome")
    hours = [
        (calendar.day_end(day) - calendar.day_end(date.fromordinal(day.toordinal() - 1))) // HOUR
        for day in (date(2024, 3, 31), date(2024, 10, 27), date(2024, 6, 1))
    ]

    assert hours == [23, 25, 24]

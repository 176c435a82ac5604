"""Quiet hours: from one time of day to another, in the plan's zone, on days of any length."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from config.instants import Instant, datetime_from_instant, instant_from_datetime


class QuietHours(msgspec.Struct, frozen=True):
    """Two times of day; where they are equal it is never quiet."""

    begin: time
    end: time


def quiet_hours(begin: str, end: str) -> QuietHours | None:
    """Of the settings' texts, `22:00` and `07:00`; None where they are empty or equal."""
    if not begin or not end or begin == end:
        return None
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end))


def quiet_until(hours: QuietHours | None, now: Instant, zone: ZoneInfo) -> Instant | None:
    """When the quiet hours that `now` lies in are over; None where it lies in none.

    A time of day that comes twice is the first of the two; one that clocks go forward over is as long after the change
    as it is after the time that is left out.
    """
    if hours is None:
        return None
    today = datetime_from_instant(now, zone).date()
    for day in (today - timedelta(days=1), today):
        begins = _first(day, hours.begin, zone)
        ends = _first(day if hours.begin < hours.end else day + timedelta(days=1), hours.end, zone)
        if begins <= now < ends:
            return ends
    return None


def _first(day: date, at: time, zone: ZoneInfo) -> Instant:
    return instant_from_datetime(datetime.combine(day, at, tzinfo=zone))

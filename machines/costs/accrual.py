"""The accrual of a monthly cost over time, in whole micros and without loss.

A component that counts R micros a month for a duration D of a month that lasts L accrues R x D / L. The division's
remainder is carried to the next piece, so that a period may be cut anywhere: the pieces always add up to the same
sum, and a whole month to R. At the end of a month the remainder ends with it.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from config.calendar import Calendar, Month
from config.instants import Instant

Day = int
"""A day of the plan's time zone as its proleptic ordinal, `date.toordinal()`, so that the next day is one more."""

DAYS_REMEMBERED: Final = 4_096
"""Days whose bounds are kept: an audit folds every day of some years, one audit after the other."""
INSTANTS_REMEMBERED: Final = 64
"""Instants whose day is kept: all components are asked for the same one, and it never comes again."""


class Accrual(msgspec.Struct):
    """What one component accrued up to `through` and is not recorded yet."""

    month_micros: int
    """What it counts a month from `through` on, in micros."""
    through: Instant
    remainder: int = 0
    """The numerator left over, below the length of the month that holds `through`, in microseconds."""
    days: dict[Day, int] = {}
    """Micros by day, of the days that no event has recorded yet."""


class _Bounds(msgspec.Struct, frozen=True, gc=False):
    """Where a day and its month end, and how long the month is, in microseconds."""

    ends_at: Instant
    month_ends_at: Instant
    month_length: int


@lru_cache(maxsize=DAYS_REMEMBERED)
def _bounds(calendar: Calendar, day: Day) -> _Bounds:
    """Asked for every component of the same days."""
    month = month_of_day(day)
    month_ends_at = calendar.end_of(month)
    ends_at = calendar.day_end(date.fromordinal(day))
    return _Bounds(ends_at, month_ends_at, month_ends_at - calendar.start_of(month))


@lru_cache(maxsize=INSTANTS_REMEMBERED)
def day_of(calendar: Calendar, at: Instant) -> Day:
    """The day whose range holds the instant, also where clocks go back across midnight."""
    day = calendar.day_of(at).toordinal()
    while day_end(calendar, day) <= at:
        day += 1
    while day_end(calendar, day - 1) > at:
        day -= 1
    return day


def day_end(calendar: Calendar, day: Day) -> Instant:
    """The first instant after the day."""
    return _bounds(calendar, day).ends_at


def month_of_day(day: Day) -> Month:
    """The month that holds the day."""
    moment = date.fromordinal(day)
    return moment.year * 12 + moment.month - 1


def advance(accrual: Accrual, until: Instant, calendar: Calendar) -> None:
    """Accrue up to `until`; nothing where that is already accrued."""
    if accrual.through >= until:
        return
    if accrual.month_micros == 0:
        if calendar.end_of(calendar.month_of(accrual.through)) <= until:
            accrual.remainder = 0
        accrual.through = until
        return
    through, remainder, days = accrual.through, accrual.remainder, accrual.days
    day = day_of(calendar, through)
    while through < until:
        bounds = _bounds(calendar, day)
        piece_ends_at = min(bounds.ends_at, until)
        micros, remainder = divmod(accrual.month_micros * (piece_ends_at - through) + remainder, bounds.month_length)
        if micros:
            days[day] = days.get(day, 0) + micros
        if piece_ends_at == bounds.month_ends_at:
            remainder = 0
        through = piece_ends_at
        day += 1
    accrual.through, accrual.remainder = through, remainder


def change(accrual: Accrual, month_micros: int, at: Instant, calendar: Calendar) -> None:
    """From `at` on the component counts another monthly cost."""
    advance(accrual, at, calendar)
    accrual.month_micros = month_micros


def copied(accrual: Accrual) -> Accrual:
    """The same, to be carried forward without touching the original."""
    return msgspec.structs.replace(accrual, days=dict(accrual.days))

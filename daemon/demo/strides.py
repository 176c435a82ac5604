"""How far the accelerated clock goes at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.calendar import Calendar
from config.instants import DAY, HOUR, Instant
from config.plan import Plan
from config.policies import RollbackAfter

QUICK_DAYS: Final = 10


def stride_of(plan: Plan, *, watched: bool) -> int:
    """The longest stride in microseconds: a day where a person watches or where the plan judges every day.

    Always less than what would make the source count as silent.
    """
    daily = watched or plan.policies.rollback.after is RollbackAfter.DAILY
    silence = plan.policies.revenue.silence_max_hours * HOUR
    return max(HOUR, min(DAY if daily else QUICK_DAYS * DAY, silence // 2))


def strides(calendar: Calendar, starts_at: Instant, ends_at: Instant, stride: int) -> Iterator[tuple[Instant, Instant]]:
    """The stretch cut into strides, which end with a day of the plan's time zone unless they are shorter than one."""
    start = starts_at
    while start < ends_at:
        end = start + stride
        if stride >= DAY:
            # The day in which the stride would end has 23 or 25 hours twice a year: whole days only.
            end = calendar.day_end(calendar.day_of(end - DAY // 2))
        yield start, min(end, ends_at)
        start = end

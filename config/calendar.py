"""Calendar months and days of one time zone as half-open ranges of instants."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from config.instants import Instant, datetime_from_instant, instant_from_datetime

Month = int
"""A calendar month as `year * 12 + (month - 1)`, so that the next month is one more."""


def month_text(month: Month) -> str:
    """The month as people write it: `2024-01`."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_from_text(text: str) -> Month:
    """The month that `2024-01` names; raises `ValueError` for any other text."""
    moment = date.fromisoformat(f"{text}-01")
    return moment.year * 12 + moment.month - 1


class Calendar:
    """The months and days of one IANA time zone.

    A month is `[its first instant, the next month's first instant)`, a day likewise (RESOLUTIONS 11).
    """

    __slots__ = ("_first", "_starts", "zone")

    def __init__(self, zone_name: str) -> None:
        """The calendar of `zone_name`; raises `zoneinfo.ZoneInfoNotFoundError` for an unknown zone."""
        self.zone = ZoneInfo(zone_name)
        self._first: Month = 0
        self._starts: list[Instant] = []

    def start_of(self, month: Month) -> Instant:
        """The month's first instant."""
        return instant_from_datetime(datetime(month // 12, month % 12 + 1, 1, tzinfo=self.zone))

    def end_of(self, month: Month) -> Instant:
        """The first instant that is no longer in the month."""
        return self.start_of(month + 1)

    def month_of(self, instant: Instant) -> Month:
        """The month that contains the instant."""
        starts = self._starts
        if starts and starts[0] <= instant < starts[-1]:
            return self._first + bisect_right(starts, instant) - 1
        moment = datetime_from_instant(instant, self.zone)
        month = moment.year * 12 + moment.month - 1
        # Where clocks go back across midnight of the 1st, local time alone would name the wrong month.
        if month > 12 and instant < self.start_of(month):
            month -= 1
        elif month < 9990 * 12 and instant >= self.end_of(month):
            month += 1
        self._cache_around(month)
        return month

    def day_end(self, day: date) -> Instant:
        """The first instant after the day."""
        following = day + timedelta(days=1)
        return instant_from_datetime(datetime(following.year, following.month, following.day, tzinfo=self.zone))

    def day_of(self, instant: Instant) -> date:
        """The day that contains the instant."""
        return datetime_from_instant(instant, self.zone).date()

    def months_later(self, instant: Instant, months: int) -> Instant:
        """The same local day and time so many months later, on the month's last day where it has no such day."""
        moment = datetime_from_instant(instant, self.zone)
        month = moment.year * 12 + moment.month - 1 + months
        year, month_number = month // 12, month % 12 + 1
        last_day = (date((month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        later = moment.replace(year=year, month=month_number, day=min(moment.day, last_day))
        return instant_from_datetime(later)

    def _cache_around(self, month: Month) -> None:
        """Remember the months near `month`, so that a run of payments costs one bisection each."""
        if not 24 < month < 9990 * 12:
            return
        self._first = month - 13
        self._starts = [self.start_of(each) for each in range(month - 13, month + 14)]


@lru_cache(maxsize=8)
def calendar_of(zone_name: str) -> Calendar:
    """The one shared calendar of a time zone."""
    return Calendar(zone_name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA time zone that this machine knows; finding them out reads hundreds of files."""
    return frozenset(available_timezones())

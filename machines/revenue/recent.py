"""Recent postings by day and hour, so that any window of the recent past can be summed exactly at any instant."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from config.instants import DAY, HOUR, Instant
from machines.revenue.postings import Posting, Sums, no_sums

KEEP_NOTHING: Final = 2**62
"""A `kept_from` after every possible date."""


_PACKED: Final = Struct("<qBq")
"""Date, column and micros in 17 bytes; as a tuple of integers a posting would take 140, and a shop has millions."""


class HourPostings(msgspec.Struct, array_like=True):
    """The postings of one hour of UTC, unordered, and their sums."""

    sums: Sums = msgspec.field(default_factory=no_sums)
    packed: bytearray = msgspec.field(default_factory=bytearray)

    def add(self, at: Instant, column: int, micros: int) -> None:
        """Take one posting."""
        self.sums[column] += micros
        self.packed += _PACKED.pack(at, column, micros)

    @property
    def postings(self) -> Iterator[Posting]:
        """One by one, in the order in which they came."""
        return _PACKED.iter_unpack(self.packed)


class DayPostings(msgspec.Struct, array_like=True):
    """The hours of one day of UTC by their number since 1970, and their sums."""

    sums: Sums = msgspec.field(default_factory=no_sums)
    hours: dict[int, HourPostings] = msgspec.field(default_factory=dict)


class RecentPostings(msgspec.Struct):
    """Postings dated `kept_from` or later, in any order of arrival.

    Adding costs the same however many there are; a sum visits at most 30 days, 48 hours and the postings of the two
    hours that the window cuts. Time may move either way between two questions.
    """

    kept_from: Instant = 0
    days: dict[int, DayPostings] = msgspec.field(default_factory=dict)

    def add(self, at: Instant, column: int, micros: int) -> None:
        """Take one posting; one dated before `kept_from` can never matter again and is left out."""
        if at < self.kept_from:
            return
        day = self.days.get(at // DAY)
        if day is None:
            day = self.days[at // DAY] = DayPostings()
        hour = day.hours.get(at // HOUR)
        if hour is None:
            hour = day.hours[at // HOUR] = HourPostings()
        day.sums[column] += micros
        hour.add(at, column, micros)

    def between(self, start: Instant, end: Instant) -> Sums | None:
        """The sums over `[start, end)`; None (unknown, not zero) where the window begins before `kept_from`."""
        if start < self.kept_from:
            return None
        total = no_sums()
        first_whole, after_whole = -(-start // DAY), end // DAY
        if first_whole > after_whole:  # both in one day
            self._add_part(total, start // DAY, start, end)
            return total
        self._add_part(total, first_whole - 1, start, first_whole * DAY)
        whole = [day.sums for number in range(first_whole, after_whole) if (day := self.days.get(number)) is not None]
        for column, sums in enumerate(zip(*whole, strict=True)):
            total[column] += sum(sums)
        self._add_part(total, after_whole, after_whole * DAY, end)
        return total

    def later(self, at: Instant) -> list[Posting]:
        """The postings dated at or after the instant, unordered."""
        found: list[Posting] = []
        for number, day in self.days.items():
            if (number + 1) * DAY > at:
                for hour in day.hours.values():
                    found.extend(posting for posting in hour.postings if posting[0] >= at)
        return found

    def forget_before(self, instant: Instant) -> None:
        """Drop the whole days of UTC before the instant; never takes back what was forgotten."""
        kept_from = instant // DAY * DAY
        if kept_from <= self.kept_from:
            return
        self.kept_from = kept_from
        self.days = {number: day for number, day in self.days.items() if number * DAY >= kept_from}

    def _add_part(self, total: Sums, number: int, start: Instant, end: Instant) -> None:
        """Add what is dated from `start` to before `end`, both within one day."""
        day = self.days.get(number)
        if day is None or start >= end:
            return
        for hour_number, hour in day.hours.items():
            begins_at = hour_number * HOUR
            if start <= begins_at and begins_at + HOUR <= end:
                _increase(total, hour.sums)
            elif begins_at < end and start < begins_at + HOUR:
                for dated, column, micros in hour.postings:
                    if start <= dated < end:
                        total[column] += micros


def _increase(total: Sums, sums: Sums) -> None:
    for column, micros in enumerate(sums):
        total[column] += micros

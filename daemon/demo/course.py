"""The course of the demonstration's business: how many customers each price has, month by month."""

from __future__ import annotations

from typing import Final

import msgspec

from config.money import MICROS_PER_UNIT


class Price(msgspec.Struct, frozen=True):
    """One price of the business, for a month or for a year at once, in micros."""

    id: str
    monthly_micros: int
    yearly_micros: int


STARTER: Final = Price("starter", 49 * MICROS_PER_UNIT, 490 * MICROS_PER_UNIT)
GROWTH: Final = Price("growth", 199 * MICROS_PER_UNIT, 1_990 * MICROS_PER_UNIT)
ENTERPRISE: Final = Price("enterprise", 990 * MICROS_PER_UNIT, 9_900 * MICROS_PER_UNIT)
PRICES: Final = (STARTER, GROWTH, ENTERPRISE)

ONE_OFF_MONTH: Final = 2
ONE_OFF_MICROS: Final = 48_000 * MICROS_PER_UNIT
"""One contract paid at once: more in a month than level 4 asks for, and gone in the next."""
COLLAPSE_MONTH: Final = 18
"""From here on nobody signs up for a year, and no year is renewed."""


class MonthCourse(msgspec.Struct, frozen=True):
    """Monthly payers of each price at the end of a month, and who signs up for a year in it."""

    payers: tuple[int, int, int]
    """Starter, growth, enterprise."""
    new_years: tuple[int, int, int] = (0, 0, 0)


COURSE: Final = (
    # The first customers: 294, then the 450 of level 1.
    MonthCourse((6, 0, 0)),
    MonthCourse((10, 1, 0)),
    # The one-off, and two months that meet level 2's minimum (800) but not its ratio (1,314.44).
    MonthCourse((12, 1, 0), new_years=(2, 0, 0)),
    MonthCourse((14, 2, 0)),
    MonthCourse((15, 2, 0)),
    # Two months above 1,314.44: level 2.
    MonthCourse((18, 4, 0), new_years=(1, 0, 0)),
    MonthCourse((20, 5, 0), new_years=(1, 0, 0)),
    MonthCourse((24, 6, 0), new_years=(1, 0, 0)),
    # Two months above 3,000: level 3. The first enterprise customers.
    MonthCourse((28, 7, 1), new_years=(2, 0, 0)),
    MonthCourse((33, 9, 2), new_years=(2, 0, 0)),
    MonthCourse((40, 12, 4), new_years=(2, 1, 0)),
    MonthCourse((48, 16, 7), new_years=(3, 1, 0)),
    MonthCourse((58, 21, 13), new_years=(3, 1, 0)),
    MonthCourse((70, 27, 22), new_years=(3, 2, 0)),
    # Three months above 38,888.89: level 4.
    MonthCourse((86, 36, 32), new_years=(4, 2, 0)),
    MonthCourse((96, 40, 36), new_years=(4, 2, 0)),
    MonthCourse((104, 44, 38), new_years=(3, 2, 0)),
    MonthCourse((106, 45, 38), new_years=(2, 1, 0)),
    # The collapse: the large customers leave first. 35,000 cannot be paid from 31,374: down to level 3 at once.
    MonthCourse((90, 36, 20)),
    MonthCourse((60, 18, 3)),
    # Below level 3, for one month, then below its cost: level 2; then below that of level 2: level 1.
    MonthCourse((30, 5, 0)),
    MonthCourse((20, 3, 0)),
    MonthCourse((12, 1, 0)),
    # Below the 450 of level 1: the floor.
    MonthCourse((8, 0, 0)),
)
"""Twenty-four months that walk all levels of the autobroker plan up and down under its shipped policies."""

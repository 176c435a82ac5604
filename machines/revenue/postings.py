"""Postings: what a counted payment adds, on which date, to which column of a linear sum.

Every figure is a sum of postings, so the order in which payments arrive cannot matter.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from config.calendar import Calendar, Month
from config.instants import HOUR, Instant
from config.money import divided_half_even
from config.policies import Basis, RevenuePolicy
from machines.events import CountedPayment
from machines.revenue.payments import Interval, Kind, Payment

RECURRING: Final = 0
"""The column of what counts whole on its date under both bases: payments for a month."""
WHOLE: Final = 1
"""The column of what counts on its date under `all` only: payments for a year, and one-offs."""
INSTALLMENT: Final = 2
"""The column of what counts under `committed` only: the twelfths of payments for a year."""
REFUND_OFFSET: Final = 3
"""Refunds have the same three columns, so many further on."""
INSTALLMENTS_PER_YEAR: Final = 12
WINDOW: Final = 720 * HOUR
"""The trailing window: exactly 720 hours (RESOLUTIONS 11)."""

CALENDARS_MAX: Final = 16
"""How many calendars are remembered at once; a plan has one."""

Sums = list[int]
"""Micros by column, six of them; always >= 0."""
Posting = tuple[Instant, int, int]
"""Date, column, micros >= 0."""


def no_sums() -> Sums:
    """Sums of nothing."""
    return [0, 0, 0, 0, 0, 0]


def postings_of(payment: CountedPayment | Payment, calendar: Calendar) -> list[Posting]:
    """All postings of a payment, the first on its own date.

    One for a month stands whole under both bases. One for a year stands whole under `all`; under `committed` it is
    spread over its month and the eleven that follow, the remainder in the last (RESOLUTIONS 12). A one-off is never
    committed.
    """
    offset = 0 if payment.kind is Kind.PAYMENT else REFUND_OFFSET
    at, amount = payment.created_at, payment.amount_micros
    if payment.interval is Interval.MONTH:
        return [(at, RECURRING + offset, amount)]
    postings = [(at, WHOLE + offset, amount)]
    if payment.interval is Interval.YEAR:
        share, rest = divmod(amount, INSTALLMENTS_PER_YEAR)
        for number in range(INSTALLMENTS_PER_YEAR):
            last = number == INSTALLMENTS_PER_YEAR - 1
            due_at = calendar.months_later(at, number) if number else at
            postings.append((due_at, INSTALLMENT + offset, share + rest if last else share))
    return postings


def figure_micros(sums: Sums, policy: RevenuePolicy, basis: Basis | None = None) -> int:
    """What the sums come to by the policy's `net`, `basis` and `take_rate`, rounded once, half-even (RESOLUTIONS 13).

    `basis` overrides the policy's, because both figures are always shown (RESOLUTIONS 12).
    """
    column = WHOLE if (basis or policy.basis) is Basis.ALL else INSTALLMENT
    gross = sums[RECURRING] + sums[column]
    if policy.net:
        gross -= sums[RECURRING + REFUND_OFFSET] + sums[column + REFUND_OFFSET]
    numerator, denominator = _ratio(policy.take_rate)
    return divided_half_even(gross * numerator, denominator)


@lru_cache(maxsize=64)
def _ratio(rate: Decimal) -> tuple[int, int]:
    return rate.as_integer_ratio()


class MonthSpan(msgspec.Struct, frozen=True, gc=False):
    """A month's range and where the windows begin that end with it and with the month after."""

    month: Month
    start_at: Instant
    end_at: Instant
    window_from: Instant
    next_window_from: Instant
    """A posting of this month from here on also stands in the next month's window (a February is shorter than it)."""


def span_around(instant: Instant, calendar: Calendar) -> MonthSpan:
    """The span of the month that contains the instant."""
    newest = _newest_spans.get(calendar)
    if newest is not None and newest.start_at <= instant < newest.end_at:
        return newest
    span = _span(calendar, calendar.month_of(instant))
    if instant >= span.end_at:
        # Where clocks go back across midnight of the 1st, local time names the old month twice; first instants rule.
        span = _span(calendar, span.month + 1)
    if len(_newest_spans) >= CALENDARS_MAX:
        _newest_spans.clear()
    _newest_spans[calendar] = span
    return span


_newest_spans: Final[dict[Calendar, MonthSpan]] = {}
"""The span found last: most payments fall into the month of the one before."""
SPANS_REMEMBERED: Final = 32
"""A few more than the calendar remembers: beyond those the calendar costs more than the span."""


@lru_cache(maxsize=SPANS_REMEMBERED)
def _span(calendar: Calendar, month: Month) -> MonthSpan:
    end_at = calendar.end_of(month)
    return MonthSpan(month, calendar.start_of(month), end_at, end_at - WINDOW, calendar.end_of(month + 1) - WINDOW)

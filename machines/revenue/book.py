"""The revenue book: all counted payments as linear sums, exact in any order of arrival, incremental, small.

It holds no list of payments: each adds to its calendar month and to the windows of the (at most two) month ends that
come within 720 hours after it. Only recent postings are kept one by one, for the live trailing figure.
"""

from __future__ import annotations

from typing import Final

import msgspec

from config.calendar import Calendar, Month, month_text
from config.instants import DAY, Instant
from config.policies import Basis, RevenuePolicy
from machines.deciding.facts import ClosedMonth
from machines.events import CountedPayment
from machines.revenue.payments import Interval, Kind, Payment
from machines.revenue.postings import (
    INSTALLMENT,
    RECURRING,
    REFUND_OFFSET,
    WINDOW,
    MonthSpan,
    Sums,
    figure_micros,
    no_sums,
    postings_of,
    span_around,
)
from machines.revenue.recent import KEEP_NOTHING, RecentPostings

RETENTION_DAYS: Final = 62
"""How long before the last close postings are kept: every day's end of a running month finds its whole window."""


class Correction(msgspec.Struct, frozen=True):
    """What a late payment changes in a closed month: micros by the policy, each figure rounded before subtracting."""

    month: Month
    delta_micros: int


class RevenueBook(msgspec.Struct):
    """The fold of all counted payments and closes; encodes with msgspec as a part of a snapshot.

    Amounts are micros of the plan's currency. Every call must pass the calendar of the same time zone.
    """

    first_month: Month | None = None
    """The month of the earliest counted payment (RESOLUTIONS 3)."""
    closed_through: Month | None = None
    """The last closed month."""
    months: dict[Month, Sums] = msgspec.field(default_factory=dict)
    windows: dict[Month, Sums] = msgspec.field(default_factory=dict)
    """Sums over the 720 hours before the month's end (RESOLUTIONS 11)."""
    recent: RecentPostings = msgspec.field(default_factory=RecentPostings)

    @classmethod
    def for_closes_only(cls) -> RevenueBook:
        """A book that keeps no recent postings: `trailing_micros` and `month_to_date_micros` are always None."""
        return cls(recent=RecentPostings(kept_from=KEEP_NOTHING))

    def add(self, payment: CountedPayment | Payment, calendar: Calendar) -> None:
        """Count a payment. The caller guarantees that each payment id comes here once (`classify`).

        A completed payment in the plan's currency counts as it stands.
        """
        span = span_around(payment.created_at, calendar)
        if self.first_month is None or span.month < self.first_month:
            self.first_month = span.month
        if payment.interval is Interval.MONTH:
            column = RECURRING if payment.kind is Kind.PAYMENT else RECURRING + REFUND_OFFSET
            self._post(span, payment.created_at, column, payment.amount_micros)
            return
        for at, column, micros in postings_of(payment, calendar):
            self._post(span_around(at, calendar), at, column, micros)

    def close(self, month: Month, calendar: Calendar, *, forget: bool = True) -> None:
        """Make the month a fact. Raises `ValueError` unless it is `next_month`: months close in order, once.

        Several months that close together and whose days' ends are judged afterwards (`rollback.after: daily`) are
        closed with `forget=False`; `forget_closed` follows once they were judged.
        """
        if month != self.next_month:
            expected = "no payment was counted" if self.next_month is None else f"{month_text(self.next_month)} is next"
            raise ValueError(f"cannot close {month_text(month)}: {expected}")
        self.closed_through = month
        if forget:
            self.forget_closed(calendar)

    def forget_closed(self, calendar: Calendar) -> None:
        """Drop recent postings older than `RETENTION_DAYS` before the last close."""
        if self.closed_through is not None:
            self.recent.forget_before(calendar.end_of(self.closed_through) - RETENTION_DAYS * DAY)

    @property
    def next_month(self) -> Month | None:
        """The month that closes next; None while no payment was counted."""
        return self.first_month if self.closed_through is None else self.closed_through + 1

    def figures(self, policy: RevenuePolicy, last: int | None = None) -> tuple[ClosedMonth, ...]:
        """The closed months in order from `first_month`, or only the `last` so many, corrections included.

        Months without payments are 0. Costs one rounding per month asked for, however many payments there were.
        """
        if self.first_month is None or self.closed_through is None:
            return ()
        first = self.first_month
        if last is not None:
            first = max(first, self.closed_through - last + 1)
        return tuple(self.month_figures(month, policy) for month in range(first, self.closed_through + 1))

    def month_figures(self, month: Month, policy: RevenuePolicy) -> ClosedMonth:
        """The figures of one month as if it were closed now."""
        return ClosedMonth(
            month, self.revenue_micros(month, policy), figure_micros(self.windows.get(month) or no_sums(), policy)
        )

    def revenue_micros(self, month: Month, policy: RevenuePolicy, basis: Basis | None = None) -> int:
        """One month's revenue, closed or not; `basis` overrides the policy's to show both figures."""
        return figure_micros(self.months.get(month) or no_sums(), policy, basis)

    def trailing_micros(self, at: Instant, policy: RevenuePolicy, basis: Basis | None = None) -> int | None:
        """The sum over `[at - 720 h, at)`: the gauge called MRR, or the figure of a day's end.

        None is unknown, never zero: the window begins before what is kept. A day's end is to be asked for before the
        second month after it closes, because a close forgets what is older than `RETENTION_DAYS`.
        """
        sums = self.recent.between(at - WINDOW, at)
        return None if sums is None else figure_micros(sums, policy, basis)

    def month_to_date_micros(
        self, now: Instant, calendar: Calendar, policy: RevenuePolicy, basis: Basis | None = None
    ) -> int | None:
        """The running month up to `now`; payments dated later are held. None is unknown, as above."""
        sums = self.recent.between(span_around(now, calendar).start_at, now)
        return None if sums is None else figure_micros(sums, policy, basis)

    def held_future(self, now: Instant) -> int:
        """How many counted payments are dated at or after `now` (RESOLUTIONS 11): held until their time."""
        return sum(column % REFUND_OFFSET != INSTALLMENT for _, column, _ in self.recent.later(now))

    def is_late(self, created_at: Instant, calendar: Calendar) -> bool:
        """Whether a payment of that date belongs to a month already closed."""
        return self.closed_through is not None and span_around(created_at, calendar).month <= self.closed_through

    def corrections(self, payment: CountedPayment, calendar: Calendar, policy: RevenuePolicy) -> tuple[Correction, ...]:
        """What the payment would change in closed months; ask before `add`. Empty for a payment that is not late.

        Its own month comes first, even where its delta is 0 under the policy; a yearly payment may change several.
        """
        if not self.is_late(payment.created_at, calendar):
            return ()
        changed: dict[Month, Sums] = {}
        for at, column, micros in postings_of(payment, calendar):
            month = span_around(at, calendar).month
            if month <= (self.closed_through or 0):
                sums = changed.setdefault(month, list(self.months.get(month) or no_sums()))
                sums[column] += micros
        own, *others = (
            Correction(month, figure_micros(sums, policy) - self.revenue_micros(month, policy))
            for month, sums in changed.items()
        )
        return (own, *(each for each in others if each.delta_micros))

    def forget_before(self, instant: Instant) -> None:
        """Drop recent postings older than the instant; an import of long history calls it to stay small.

        Never moved by a clock that is not trusted: what was forgotten does not come back.
        """
        self.recent.forget_before(instant)

    def _post(self, span: MonthSpan, at: Instant, column: int, micros: int) -> None:
        month = span.month
        sums = self.months.get(month)
        if sums is None:
            sums = self.months[month] = no_sums()
        sums[column] += micros
        if at >= span.window_from:  # nearly every posting: written out, a call would be felt
            window = self.windows.get(month)
            if window is None:
                window = self.windows[month] = no_sums()
            window[column] += micros
        if at >= span.next_window_from:
            _post_to(self.windows, month + 1, column, micros)
        if at >= self.recent.kept_from:
            self.recent.add(at, column, micros)


def _post_to(table: dict[Month, Sums], month: Month, column: int, micros: int) -> None:
    sums = table.get(month)
    if sums is None:
        sums = table[month] = no_sums()
    sums[column] += micros

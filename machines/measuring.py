"""What the book of payments says at a moment: the live reading, its event, and the events of months that close."""

from __future__ import annotations

import msgspec

from config.calendar import Calendar
from config.instants import Instant
from config.policies import Basis, RevenuePolicy
from machines.events import MonthClosed, RevenueMeasured
from machines.revenue.book import RevenueBook
from machines.revenue.closing import Closing
from machines.revenue.readings import UNKNOWN, Quality, Reading, judge
from machines.state.revenue import RevenueState


def reading_now(
    state: RevenueState, policy: RevenuePolicy, now: Instant, *, clock_trusted: bool, confirmed: bool
) -> Reading:
    """The gauge at this moment, with its quality; `confirmed` says that a close has just confirmed it."""
    return judge(
        _last_reading(state.measured),
        state.book.trailing_micros(now, policy),
        now=now,
        heard_at=state.known_at,
        behind=state.sources.behind,
        clock_trusted=clock_trusted,
        confirmed=confirmed,
        policy=policy,
    )


def measured(
    state: RevenueState, reading: Reading, policy: RevenuePolicy, calendar: Calendar
) -> RevenueMeasured | None:
    """The reading as an event; None while a figure is unknown, or where nothing changed but the time of the look."""
    if reading.value_micros is None or reading.as_of is None:
        return None
    committed = state.book.trailing_micros(reading.as_of, policy, Basis.COMMITTED)
    to_date = state.book.month_to_date_micros(reading.as_of, calendar, policy)
    if committed is None or to_date is None:
        return None  # unknown is not zero
    found = RevenueMeasured(
        as_of=reading.as_of,
        mrr_micros=reading.value_micros,
        mrr_committed_micros=committed,
        month=calendar.month_of(reading.as_of),
        month_to_date_micros=to_date,
        quality=reading.quality.value,
        reason=reading.reason,
        peak_micros=reading.peak_micros,
    )
    return None if _same_figures(found, state.measured) else found


def months_closed(closing: Closing, book: RevenueBook, policy: RevenuePolicy) -> list[MonthClosed]:
    """The months that close, with the figures of this moment."""
    closed = []
    for close in closing.closes:
        figures = book.month_figures(close.month, policy)
        closed.append(
            MonthClosed(
                month=close.month,
                by=close.by,
                revenue_micros=figures.revenue_micros,
                trailing_micros=figures.trailing_micros,
                revenue_all_micros=book.revenue_micros(close.month, policy, Basis.ALL),
                revenue_committed_micros=book.revenue_micros(close.month, policy, Basis.COMMITTED),
            )
        )
    return closed


def days_known_through(state: RevenueState) -> Instant:
    """Until when revenue is known well enough to judge a day's end: unknown never demotes."""
    return max(state.known_through or 0, state.known_at or 0)


def _last_reading(event: RevenueMeasured | None) -> Reading:
    """The reading that the last event recorded, so that a restart does not make an implausible fall plausible."""
    if event is None:
        return UNKNOWN
    return Reading(event.mrr_micros, event.as_of, Quality(event.quality), event.reason, event.peak_micros)


def _same_figures(one: RevenueMeasured, other: RevenueMeasured | None) -> bool:
    """Whether nothing changed but the time of the look."""
    return other is not None and msgspec.structs.replace(one, as_of=0) == msgspec.structs.replace(other, as_of=0)

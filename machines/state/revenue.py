"""What is known of revenue: the book of payments, the sources' positions and health, and the newest reading."""

from __future__ import annotations

from typing import Final

import msgspec

from config.calendar import Calendar
from config.instants import Instant
from machines import events
from machines.revenue.book import RevenueBook
from machines.state.sources import STREAM_PREFIX, Sources


class Counters(msgspec.Struct):
    """How many entries of each kind were taken since the journal began."""

    counted: int = 0
    duplicates: int = 0
    not_completed: int = 0
    rejected: int = 0
    converted: int = 0
    corrections: int = 0


class RevenueState(msgspec.Struct):
    """Revenue as folded from the journal."""

    book: RevenueBook = msgspec.field(default_factory=RevenueBook)
    counters: Counters = msgspec.field(default_factory=Counters)
    first_heard_at: Instant | None = None
    """When the live source was heard for the first time: what ended before is history, closed by watermarks alone."""
    heard_at: Instant | None = None
    """When anything was last received from any live source."""
    watermark: Instant | None = None
    """Somebody said, through the stream: all payments before this have been sent. It holds as far as `covered`."""
    measured: events.RevenueMeasured | None = None
    sources: Sources = msgspec.field(default_factory=Sources)

    @property
    def known_at(self) -> Instant | None:
        """Up to when everything that must be heard was heard: of configured sources the oldest; None is unknown."""
        return self.sources.heard_at if self.sources.are_configured else self.heard_at

    @property
    def known_through(self) -> Instant | None:
        """All payments before this are known: by a watermark that was sent, or because every source vouches for it."""
        return max((each for each in (self.covered, self.sources.through) if each is not None), default=None)

    @property
    def covered(self) -> Instant | None:
        """How far the watermark holds: no further than every other configured source was heard, or vouches."""
        return self.sources.covered(self.watermark)

    def heard(self, at: Instant) -> None:
        """Something was received."""
        self.heard_at = at
        if self.first_heard_at is None:
            self.first_heard_at = at


OF_REVENUE: Final[frozenset[type]] = frozenset(
    {
        events.PaymentsRecorded,
        events.WatermarkReached,
        events.MonthClosed,
        events.MonthCorrected,
        events.RevenueMeasured,
        events.SourceHeard,
    }
)
"""The events that `fold_revenue_event` folds."""


def fold_revenue_event(revenue: RevenueState, event: events.Event, calendar: Calendar) -> None:
    """Fold one of the revenue events; any other is ignored."""
    match event:
        case events.PaymentsRecorded():
            for payment in event.counted:
                revenue.book.add(payment, calendar)
            counters = revenue.counters
            counters.counted += len(event.counted)
            counters.duplicates += event.duplicates
            counters.not_completed += event.not_completed
            counters.converted += event.converted
            revenue.heard(event.heard_at)
        case events.WatermarkReached():
            if not event.stream.startswith(STREAM_PREFIX):
                revenue.watermark = max(event.through, revenue.watermark or event.through)
            revenue.heard(event.heard_at)
        case events.SourceHeard():
            revenue.heard(event.heard_at)
        case events.MonthClosed():
            # What a daily rollback has yet to judge is forgotten only with the decision that judged it.
            revenue.book.close(event.month, calendar, forget=False)
        case events.MonthCorrected():
            revenue.counters.corrections += 1
        case events.RevenueMeasured():
            revenue.measured = event
        case _:
            pass

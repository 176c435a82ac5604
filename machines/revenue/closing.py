"""Which months may close now, and why the next one may not (ARCHITECTURE 6, RESOLUTIONS 3)."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from config.calendar import Calendar, Month, month_text
from config.instants import DAY, HOUR, Instant, instant_text
from config.policies import Measure, RevenuePolicy
from machines.deciding.facts import ClosedMonth
from machines.revenue.book import RevenueBook
from machines.revenue.readings import NAMES_MAX, fall_text, is_implausible_fall

BY_WATERMARK: Final = "watermark"
BY_TIME: Final = "time"


class StaysOpen(enum.Enum):
    """Why a month stays open."""

    NO_PAYMENT = "no_payment"
    """No payment was counted yet, so there is no first month."""
    TOO_EARLY = "too_early"
    """The month has not ended, or `close_delay_hours` have not passed."""
    CLOCK = "clock"
    """The clock cannot be trusted and no watermark covers the month."""
    SILENT = "silent"
    """Nothing was received since the month's end: it is unknown, not 0."""
    HISTORY = "history"
    """The month ended before the source was first heard: an import's watermark closes it."""
    CATCHING_UP = "catching_up"
    """What was sent is still being read."""
    IMPLAUSIBLE = "implausible"
    """The measure fell by more than `fall_max`; only a watermark closes it."""


_FREEZING: Final = (StaysOpen.CLOCK, StaysOpen.SILENT, StaysOpen.IMPLAUSIBLE)


class Close(msgspec.Struct, frozen=True):
    """A month that may close, and by what: `watermark` or `time`."""

    month: Month
    by: str


class Closing(msgspec.Struct, frozen=True):
    """The months that may close now, in order, and why the one after them stays open."""

    closes: tuple[Close, ...]
    stays_open: StaysOpen
    month: Month | None
    """The month that stays open; None with `no_payment`."""
    reason: str
    """A sentence for people."""

    @property
    def freezes(self) -> bool:
        """Whether decisions freeze: the month is due, and its figure is unknown."""
        return self.stays_open in _FREEZING


class Source(msgspec.Struct, frozen=True):
    """What is known of the source and of the clock at one moment."""

    now: Instant
    clock_trusted: bool
    watermark: Instant | None = None
    """Somebody said that all payments before it have been sent."""
    vouched: Instant | None = None
    """Every configured source vouches that it has given all payments before it."""
    heard_at: Instant | None = None
    """When anything was last received."""
    first_heard_at: Instant | None = None
    """When anything was received for the first time."""
    sent: Instant | None = None
    """The watermark as it was sent; `watermark` is how far it holds over the sources beside the stream."""
    behind: tuple[str, ...] = ()
    """The sources that hold back what is known."""
    caught_up: bool = True
    """Whether everything that was sent has been read."""


WATERMARK_AHEAD_MAX: Final = DAY
"""How far a watermark may be ahead of the clock: two machines' clocks differ, the future has not been sent."""


def watermark_fault(through: Instant, now: Instant) -> str | None:
    """Why a watermark cannot be true, or None: nobody has sent the payments of the future."""
    if through <= now + WATERMARK_AHEAD_MAX:
        return None
    return (
        f"expected an instant that has passed, found {instant_text(through)} at {instant_text(now)}:"
        " payments that are still to come cannot have been sent"
    )


def judge_closing(book: RevenueBook, source: Source, policy: RevenuePolicy, calendar: Calendar) -> Closing:
    """The months that may close, without closing them.

    By watermark: every month that ends by it, confirmed whatever its figures; a watermark ahead of the clock waits for
    the clock, so that a mistyped year cannot close months to come. By time: `close_delay_hours` after the end, with a
    trusted clock, something received at or after the end, and no implausible fall of the deciding measure from the
    month before. What sources vouch for by themselves needs no delay, but it confirms no implausible fall: a database
    that no longer follows its primary vouches too.
    """
    month = book.next_month
    if month is None:
        return Closing((), StaysOpen.NO_PAYMENT, None, "no payment was counted yet")
    closes: list[Close] = []
    previous = book.month_figures(month - 1, policy) if book.closed_through is not None else None
    while True:
        figures = book.month_figures(month, policy)
        end_at = calendar.end_of(month)
        if source.watermark is not None and end_at <= min(source.watermark, source.now):
            closes.append(Close(month, BY_WATERMARK))
        else:
            vouched = _is_vouched(end_at, source)
            why_open = None if vouched else _why_open(end_at, source, policy)
            verdict = why_open or _why_implausible(previous, figures, policy)
            if verdict is not None:
                stays_open, reason = verdict
                if source.sent is not None and end_at <= min(source.sent, source.now):
                    reason += "; the watermark holds once every other source was heard after its end"
                return Closing(tuple(closes), stays_open, month, f"{month_text(month)} stays open: {reason}")
            closes.append(Close(month, BY_WATERMARK if vouched else BY_TIME))
        previous = figures
        month += 1


def _is_vouched(end_at: Instant, source: Source) -> bool:
    """Whether every source says that it has given the month whole; by a clock that cannot be trusted, none does."""
    return source.clock_trusted and source.vouched is not None and end_at <= min(source.vouched, source.now)


def measure_micros(figures: ClosedMonth, policy: RevenuePolicy) -> int:
    """The figure of a month that decides (RESOLUTIONS 3)."""
    return figures.revenue_micros if policy.measure is Measure.CALENDAR_MONTH else figures.trailing_micros


def _why_open(end_at: Instant, source: Source, policy: RevenuePolicy) -> tuple[StaysOpen, str] | None:
    """Why time does not close the month that ends at `end_at`, its figures aside."""
    if not source.clock_trusted:
        return StaysOpen.CLOCK, f"the clock says {instant_text(source.now)}, which cannot be trusted"
    due_at = end_at + policy.close_delay_hours * HOUR
    if source.now < due_at:
        return StaysOpen.TOO_EARLY, f"it closes at {instant_text(due_at)}, or at a watermark after its end"
    if source.first_heard_at is not None and end_at <= source.first_heard_at:
        return StaysOpen.HISTORY, "it ended before the source was first heard; a watermark after its end closes it"
    if not source.caught_up:
        return StaysOpen.CATCHING_UP, "payments that were sent meanwhile are still being read"
    if source.heard_at is None or source.heard_at < end_at:
        whom = ", ".join(source.behind[:NAMES_MAX]) or "the source"
        return StaysOpen.SILENT, f"nothing was received from {whom} since its end; unknown is not zero"
    return None


def _why_implausible(
    previous: ClosedMonth | None, figures: ClosedMonth, policy: RevenuePolicy
) -> tuple[StaysOpen, str] | None:
    if previous is None:
        return None
    before, after = measure_micros(previous, policy), measure_micros(figures, policy)
    if not is_implausible_fall(before, after, policy):
        return None
    return StaysOpen.IMPLAUSIBLE, f"the measure {fall_text(before, after, policy)}"

"""Which span of time one read lists: the next part of what was never read, and what must be looked at again."""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.sources.stripe.listing import Spans
from adapters.sources.stripe.lists import Span
from adapters.sources.stripe.position import Kind, Known, Position

DAY_S: Final = 86_400
EVENTS_KEPT_S: Final = 30 * DAY_S
"""Stripe keeps events for thirty days."""
EVENTS_TRUSTED_S: Final = 28 * DAY_S
"""After a longer stop events may be gone, and everything that could still have changed is listed again."""
OPEN_AT_MOST_S: Final = 120 * DAY_S
"""A debit settles within weeks, a refund within a month, a dispute is decided within about three."""
SPAN_MAX_S: Final = 32 * DAY_S
"""What one read lists of the past: a month, or less where that holds too many charges."""
SPAN_MIN_S: Final = 60


def after_gap(position: Position, now_s: int) -> Position:
    """The position from which to read on, further back where the events of the time since are gone."""
    if now_s - position.changed <= EVENTS_TRUSTED_S:
        return position
    since = max(position.start, min(position.reached, position.changed - OPEN_AT_MOST_S))
    return msgspec.structs.replace(position, reached=since, changed=now_s)


def spans_of(position: Position, before: int | None, now_s: int, look_back_s: int) -> Spans:
    """What to list of each kind; `before` ends it, None is up to now.

    Each list begins so far back that it must hold the newest object known. Of the recent past it begins `look_back_s`
    before that: an object may have come into Stripe's lists late.
    """
    again_s = 0 if before is not None and before <= now_s - look_back_s else look_back_s

    def span(kind: Kind) -> Span:
        known = position.newest(kind)
        since = max(position.reached - again_s, position.start)
        if known is not None:
            since = min(since, max(known.created - again_s, position.start), known.created)
        return Span(since, before)

    return Spans(span("charge"), span("refund"), span("dispute"))


def events_since(position: Position, now_s: int, look_back_s: int) -> int:
    """From when on to read the events."""
    newest = position.event.created if position.event else position.changed
    return max(min(newest, position.changed) - look_back_s, now_s - EVENTS_KEPT_S, 0)


def still_kept(known: Known | None, now_s: int) -> Known | None:
    """The newest event known, where Stripe must still have it."""
    return known if known is not None and known.created > now_s - EVENTS_TRUSTED_S else None

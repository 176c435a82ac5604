"""How fresh a source is, when it is stale, and when hearing it again is worth an event."""

from __future__ import annotations

import enum

from config.instants import MINUTE, SECOND, Instant, instant_text
from machines.state.sources import SourceStand, stream_of
from machines.state.whole import State

QUARTER = 15 * MINUTE
"""Days and months end on a quarter of an hour of UTC, in whatever zone: more often nothing depends on hearing."""


class SourceQuality(enum.Enum):
    """What is known of a source at present."""

    GOOD = "good"
    FAILING = "failing"
    """The last read failed, or rows were rejected; what it gave before is not yet too old."""
    STALE = "stale"
    """Nothing whole was read for longer than `stale_after_s`: decisions are frozen."""
    UNKNOWN = "unknown"
    """It was never heard: nothing is known, and nothing is not zero."""


def quality_of(state: State, source: str) -> SourceQuality:
    """The quality of a configured source."""
    stand = state.revenue.sources.stands[source]
    if stand.heard_at is None:
        return SourceQuality.UNKNOWN
    if stream_of(source) in state.freezes:
        return SourceQuality.STALE
    return SourceQuality.FAILING if stand.failure else SourceQuality.GOOD


def why_stale(source: str, stand: SourceStand, heard_at: Instant | None, now: Instant, stale_after_s: int) -> str:
    """Why decisions freeze over a source; "" while they do not. `heard_at` may be newer than what was recorded."""
    last = max(stand.since, heard_at or 0, stand.heard_at or 0)
    if now - last <= stale_after_s * SECOND:
        return ""
    limit = f"longer than its {stale_after_s} s"
    why = f": {stand.reason}" if stand.reason else ""
    if heard_at is None and stand.heard_at is None:
        never = "gave no payment yet, and an empty answer is unknown, not zero" if not why else "was never read whole"
        return f"the source {source} {never}, since {instant_text(stand.since)}, {limit}{why}"
    return f"the source {source} was last read whole at {instant_text(last)}, {limit}{why}"


def is_worth_recording(stand: SourceStand, now: Instant, through: Instant | None, stale_after_s: int) -> bool:
    """Whether hearing a source that brought nothing new is recorded: the journal must not grow by polling.

    It is where it ends a failure, where a day or a month may lie between, and before the record is half stale.
    """
    if stand.heard_at is None or stand.reason or now - stand.heard_at > stale_after_s * SECOND // 2:
        return True
    if now // QUARTER > stand.heard_at // QUARTER:
        return True
    return through is not None and through // QUARTER > (-1 if stand.through is None else stand.through // QUARTER)

"""The sources of payments as folded from the journal: which there are, when each was heard, what it vouches for."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from machines import events
from machines.events import BreakerStatus

STREAM_PREFIX = "source:"
"""A source stands under this and its name in cursors, breakers, freezes and events."""
PAYMENTS_STREAM = "payments"
STREAM_KIND = "stream"


def stream_of(source: str) -> str:
    """The name under which a source's position, breaker and freeze are kept: `source:shop`."""
    return STREAM_PREFIX + source


class SourceStand(msgspec.Struct):
    """What is known of one source."""

    since: Instant
    """From when on it must be heard."""
    kind: str = ""
    heard_at: Instant | None = None
    """When it last answered whole and to its end."""
    through: Instant | None = None
    """It vouches that every payment before this was given."""
    gave_at: Instant | None = None
    """When it last gave a payment, new or known; None while it never did."""
    counted: int = 0
    reason: str = ""
    """Why the last read failed; empty after one that did not."""


class Sources(msgspec.Struct):
    """The sources that must be heard; none of them means that the Redis stream is the only one."""

    stands: dict[str, SourceStand] = {}

    @property
    def are_configured(self) -> bool:
        """Whether sources decide what is known, and not the Redis stream alone."""
        return bool(self.stands)

    @property
    def heard_at(self) -> Instant | None:
        """Up to when every source was heard: the oldest of them, None while one never was."""
        times = [stand.heard_at for stand in self.stands.values()]
        known = [at for at in times if at is not None]
        return min(known) if known and len(known) == len(times) else None

    @property
    def through(self) -> Instant | None:
        """Up to when every source vouches for having given everything; None while one does not."""
        times = [stand.through for stand in self.stands.values()]
        known = [at for at in times if at is not None]
        return min(known) if known and len(known) == len(times) else None

    def named(self, stream: str) -> SourceStand | None:
        """The source behind a stream, `source:shop` or `payments`; None for one that is not, or no longer, one."""
        if stream == PAYMENTS_STREAM:
            return next((stand for stand in self.stands.values() if stand.kind == STREAM_KIND), None)
        return self.stands.get(stream.removeprefix(STREAM_PREFIX)) if stream.startswith(STREAM_PREFIX) else None


def fold_source_event(sources: Sources, event: events.Event, at: Instant) -> None:
    """Fold one event that may concern a source."""
    match event:
        case events.SourcesConfigured():
            _configure(sources, event, at)
        case events.PaymentsRecorded():
            _fold_payments(sources, event)
        case events.SourceHeard():
            _hear(sources.stands.get(event.source), event.heard_at, event.through)
        case events.WatermarkReached():
            _hear(sources.named(event.stream), event.heard_at, event.through)
        case events.BreakerChanged() if event.breaker.startswith(STREAM_PREFIX):
            stand = sources.named(event.breaker)
            # A probe is a question, and a reset an operator's word: neither is a failure, nor an answer.
            is_answer = event.status is not BreakerStatus.HALF_OPEN and (event.failures_at or not event.reason)
            if stand is not None and is_answer:
                stand.reason = event.reason
        case _:
            pass


def _configure(sources: Sources, event: events.SourcesConfigured, at: Instant) -> None:
    """A source that stays keeps what is known of it; one of another kind under the same name is another source."""
    kept, sources.stands = sources.stands, {}
    for name, kind in zip(event.names, event.kinds or ("",) * len(event.names), strict=True):
        known = kept.get(name)
        sources.stands[name] = known if known is not None and known.kind == kind else SourceStand(at, kind)


def _fold_payments(sources: Sources, event: events.PaymentsRecorded) -> None:
    """A read of a source may be one of many: only `SourceHeard` or a watermark says that it came to its end."""
    stand = sources.named(event.stream)
    if stand is None:
        return
    stand.gave_at = event.heard_at
    stand.counted += len(event.counted)
    if event.stream == PAYMENTS_STREAM:
        _hear(stand, event.heard_at, None)


def _hear(stand: SourceStand | None, at: Instant, through: Instant | None) -> None:
    if stand is None:
        return
    stand.heard_at = max(at, stand.heard_at or at)
    stand.reason = ""
    if through is not None:
        stand.through = max(through, stand.through or through)

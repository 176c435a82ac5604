"""The sources of payments as folded from the journal: which there are, when each was heard, what it vouches for."""

from __future__ import annotations

from typing import Final

import msgspec

from config.instants import DAY, Instant
from machines import events
from machines.events import BreakerStatus

STREAM_PREFIX = "source:"
"""A source stands under this and its name in cursors, breakers, freezes and events."""
PAYMENTS_STREAM = "payments"
STREAM_KIND = "stream"
DOUBT = DAY
"""So long after a rejection a source vouches for nothing: a changed column type must not close a month on half the
money before somebody has read of it."""


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
    rejected: int = 0
    """How many entries were rejected since the source was last free of doubt."""
    rejected_first: str = ""
    """Why the first of them was."""
    rejected_at: Instant | None = None
    """When the last of them was."""

    def is_doubtful(self, now: Instant) -> bool:
        """Whether it vouches for nothing: what was rejected a short while ago may be revenue."""
        return self.rejected_at is not None and now - self.rejected_at <= DOUBT

    @property
    def failure(self) -> str:
        """Why it is failing; "" where it is not."""
        if self.reason or self.rejected_at is None:
            return self.reason
        rows = "1 row was" if self.rejected == 1 else f"{self.rejected} rows were"
        return f"{rows} rejected, first: {self.rejected_first}"


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
    def behind(self) -> tuple[str, ...]:
        """The sources that hold back what is known: those never heard, else the one heard longest ago."""
        oldest = self.heard_at
        return tuple(name for name, stand in self.stands.items() if stand.heard_at == oldest)

    @property
    def through(self) -> Instant | None:
        """Up to when every source vouches for having given everything; None while one does not."""
        times = [stand.through for stand in self.stands.values()]
        known = [at for at in times if at is not None]
        return min(known) if known and len(known) == len(times) else None

    def covered(self, watermark: Instant | None) -> Instant | None:
        """Up to when a watermark of the stream holds: it says nothing of what the other sources have yet to give."""
        if watermark is None:
            return None
        covers = watermark
        for stand in self.stands.values():
            if stand.kind == STREAM_KIND:
                continue
            if stand.heard_at is None:
                return None
            covers = min(covers, max(stand.heard_at, stand.through or stand.heard_at))
        return covers

    def named(self, stream: str) -> SourceStand | None:
        """The source behind a stream, `source:shop` or `payments`; None for one that is not, or no longer, one."""
        if stream == PAYMENTS_STREAM:
            return next((stand for stand in self.stands.values() if stand.kind == STREAM_KIND), None)
        return self.stands.get(stream.removeprefix(STREAM_PREFIX)) if stream.startswith(STREAM_PREFIX) else None


OF_SOURCES: Final[frozenset[type]] = frozenset(
    {
        events.SourcesConfigured,
        events.PaymentsRecorded,
        events.EntryRejected,
        events.SourceHeard,
        events.WatermarkReached,
        events.BreakerChanged,
    }
)
"""The events that `fold_source_event` folds."""


def fold_source_event(sources: Sources, event: events.Event, at: Instant) -> None:
    """Fold one event that may concern a source."""
    match event:
        case events.SourcesConfigured():
            _configure(sources, event, at)
        case events.PaymentsRecorded():
            _fold_payments(sources, event)
        case events.EntryRejected():
            _reject(sources.named(event.stream), event, at)
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
    if stand.rejected_at is not None and not stand.is_doubtful(at):
        stand.rejected, stand.rejected_first, stand.rejected_at = 0, "", None
    if through is not None:
        stand.through = max(through, stand.through or through)


def _reject(stand: SourceStand | None, event: events.EntryRejected, at: Instant) -> None:
    if stand is None or stand.kind == STREAM_KIND:
        return
    stand.rejected += 1
    stand.rejected_first = stand.rejected_first or f"{event.entry_id}: {event.field}: {event.reason}"
    stand.rejected_at = at

"""What the revenue actor keeps in memory of its sources: who was heard just now, and which rejections were told."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

import msgspec

from config.instants import Instant
from machines.events import EntryRejected, Event, FreezeChanged
from machines.sources.freshness import why_stale
from machines.state.sources import STREAM_PREFIX, stream_of
from machines.state.whole import State

REMEMBERED_REJECTIONS_MAX = 10_000
"""Rejected entries that are known again when a source gives them again; all sources together."""


class SourceLimits(msgspec.Struct, frozen=True):
    """What the settings say of a source."""

    kind: str
    stale_after_s: int
    is_asked: bool = False
    """It is read, and must be read to its end once before time alone closes a month."""


class SourceWatch:
    """Beside the journal: what may be forgotten by a restart without being wrong."""

    def __init__(self, limits: Mapping[str, SourceLimits]) -> None:
        self.heard: dict[str, Instant] = {}
        """When each was heard in this life of the daemon."""
        self._limits = limits
        self._unread = {name for name, each in limits.items() if each.is_asked}
        self._told: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()

    @property
    def are_watched(self) -> bool:
        """Whether any source is configured."""
        return bool(self._limits)

    @property
    def caught_up(self) -> bool:
        """Whether each source that is asked came to its end once in this life."""
        return not self._unread

    def stale_after_s(self, source: str) -> int:
        """The staleness limit of a source."""
        return self._limits[source].stale_after_s

    def is_known(self, source: str) -> bool:
        """Whether the source is configured."""
        return source in self._limits

    def note_heard(self, source: str, now: Instant) -> None:
        """It came to its end."""
        self.heard[source] = now

    def note_read(self, source: str) -> None:
        """It answered to its end; that alone need be no sign of life."""
        self._unread.discard(source)

    def without_repeated(self, events: Iterable[Event], state: State) -> list[Event]:
        """The events of a read without what was told before: reads overlap, and a bad row stays a bad row."""
        kept: list[Event] = []
        fields: set[str] = set()
        for event in events:
            if isinstance(event, EntryRejected):
                key = (event.stream, event.entry_id, event.field, event.reason)
                if key in self._told:
                    self._told.move_to_end(key)
                    continue
                fields.add(event.field)
            elif isinstance(event, FreezeChanged) and (event.key in state.freezes or event.key not in fields):
                continue  # an operator who lifted it had seen the row that is given again
            kept.append(event)
        return kept

    def note_told(self, events: Iterable[Event]) -> None:
        """These are durable."""
        for event in events:
            if isinstance(event, EntryRejected):
                self._told[event.stream, event.entry_id, event.field, event.reason] = None
        while len(self._told) > REMEMBERED_REJECTIONS_MAX:
            self._told.popitem(last=False)

    def freezes(self, state: State, now: Instant) -> dict[str, str | None]:
        """By key, why each source freezes decisions; None where it does not, also for one that is no longer there."""
        found: dict[str, str | None] = {key: None for key in state.freezes if key.startswith(STREAM_PREFIX)}
        for name, stand in state.revenue.sources.stands.items():
            if name in self._limits:
                why = why_stale(name, stand, self.heard.get(name), now, self.stale_after_s(name))
                found[stream_of(name)] = why or None
        return found

"""Where payments come from."""

from __future__ import annotations

from machines.events.base import EventStruct


class SourcesConfigured(EventStruct, frozen=True):
    """From here on these sources must be heard; () is the Redis stream alone."""

    names: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """The kind of each, in the same order; `stream` is the Redis stream `payments`."""


class SourceHeard(EventStruct, frozen=True):
    """A source answered whole and to its end: it is known to be alive, and it has been read up to this position."""

    source: str
    position: str
    heard_at: int
    through: int | None = None

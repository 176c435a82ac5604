"""Where payments come from."""

from __future__ import annotations

from machines.events.base import EventStruct


class SourcesConfigured(EventStruct, frozen=True):
    """From here on these sources must be heard; () is the Redis stream alone."""

    names: tuple[str, ...] = ()


class SourceHeard(EventStruct, frozen=True):
    """A source answered whole, and gave nothing that counts: it is known to be alive, and its position moved."""

    source: str
    position: str
    heard_at: int
    through: int | None = None

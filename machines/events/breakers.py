"""Circuit breakers."""

from __future__ import annotations

import enum

from config.instants import Instant
from machines.events.base import EventStruct


class BreakerStatus(enum.Enum):
    """Where a circuit breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerChanged(EventStruct, frozen=True):
    """A breaker's whole memory after a change. `breaker` is `provider:<failure domain>` or `component:<id>`."""

    breaker: str
    status: BreakerStatus
    failures_at: tuple[Instant, ...] = ()
    opened_at: Instant | None = None
    cooldown_s: int = 0
    reason: str = ""
    probe: str = ""
    """While half-open: the component whose call is the one probe."""

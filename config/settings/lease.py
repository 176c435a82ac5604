"""The lease by which one of several daemons leads."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class LeaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who leads where the journal is in PostgreSQL; a daemon alone on a SQLite file holds its folder instead."""

    ttl_s: Annotated[int, Meta(ge=3, le=300)] = 6
    """How long a leader that is not heard of keeps the lead, by the clock of whoever watches it, which nobody steps:
    half of the pause that the death of a machine may cost, and longer than a usual hiccup of a network."""
    renew_every_s: Annotated[int, Meta(ge=1, le=100)] = 2
    """How often the leader says that it is there: twice it may fail to be heard."""
    margin_s: Annotated[int, Meta(ge=1, le=100)] = 1
    """So long before the lease can be another's the leader starts no call any more, whatever its own clock does."""
    poll_every_ms: Annotated[int, Meta(ge=50, le=60_000)] = 250
    """How often a standby asks whether the lead is free: a part of the second that a clean hand-over may take."""

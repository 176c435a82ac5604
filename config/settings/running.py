"""How the daemon itself runs: actors, health, stopping."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from config.settings.values import Count, Seconds

STOP_MAX_S: Final = 30
"""What service managers grant before they kill."""


class KernelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Actors and their supervision."""

    mailbox_items_max: Count = 1_000
    """Messages that wait for one actor; the next is refused. A thousand is seconds of work, never minutes."""
    restarts_max: Annotated[int, Meta(ge=0, le=1_000)] = 5
    """Restarts of one actor within the window; one more parks it. OTP's 1 in 5 s would park at a network blink."""
    restart_window_s: Seconds = 60
    """The window in which restarts of an actor are counted."""
    ask_timeout_s: Seconds = 10
    """How long an actor waits for another's answer: longer than a slow fsync, shorter than an operator's patience."""


class HealthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the daemon calls itself unwell."""

    check_every_s: Seconds = 5
    """How often clocks, sources and due months are looked at."""
    audit_every_s: Annotated[int, Meta(ge=60, le=604_800)] = 86_400
    """How often the invariants are checked against the journal, besides at boot."""


class StoppingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ladder of a stop: ask, then cancel, then abandon. Together it stays under 30 s."""

    ask_s: Annotated[int, Meta(ge=0, le=29)] = 10
    """How long actors may finish what they do."""
    cancel_s: Annotated[int, Meta(ge=0, le=29)] = 5
    """How long cancelled tasks may clean up."""

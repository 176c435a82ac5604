"""What was told to whom, and what could not be."""

from __future__ import annotations

from config.instants import Instant
from machines.events.base import EventStruct


class NotificationRaised(EventStruct, frozen=True):
    """Something crossed its bound, or happened, and is told once to these channels."""

    notification_id: str
    key: str
    severity: str
    title: str
    text: str
    channels: tuple[str, ...]
    not_before: Instant | None = None
    """Quiet hours: it is delivered from then on."""
    lasting: bool = True
    """Whether it stands until it is cleared; what merely happened does not."""


class NotificationCleared(EventStruct, frozen=True):
    """What had crossed came back: the next crossing is told again. Whom it was told, hears this too."""

    notification_id: str
    key: str
    channels: tuple[str, ...] = ()
    not_before: Instant | None = None


class DeliveryEnded(EventStruct, frozen=True):
    """An attempt to deliver. `outcome` is `delivered`, `failed` (tried again at `retry_at`) or `dead`."""

    notification_id: str
    channel: str
    outcome: str
    attempts: int
    retry_at: Instant | None = None
    reason: str = ""


class ChannelClosed(EventStruct, frozen=True):
    """A receiver said that it is gone for good: nothing goes there until its settings change or a replay opens it."""

    channel: str
    reason: str
    fingerprint: str = ""
    """Of the channel's settings, without its secrets: another one opens it again."""


class DeliveryReplayed(EventStruct, frozen=True):
    """An operator had a dead letter sent again; the channel is open again too."""

    notification_id: str
    channel: str
    by: str = ""

"""The samples of notifications, by channel: of those of the settings, and of any that something waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from daemon.telemetry.samples import Sample
from machines.state.notifications import Notifications


def notification_samples(notifications: Notifications, channels: Iterable[str]) -> Iterator[Sample]:
    """What waits, what is dead and what was delivered; 0 for a channel of the settings, for there it is known."""
    waiting = Counter(each.channel for each in notifications.waiting.values())
    dead = Counter(each.channel for each in notifications.dead.values())
    for channel in sorted({*channels, *waiting, *dead, *notifications.delivered}):
        yield Sample("solvent_notifications_waiting_items", waiting[channel], (channel,))
        yield Sample("solvent_notifications_dead_items", dead[channel], (channel,))
        yield Sample("solvent_notifications_delivered_total", notifications.delivered.get(channel, 0), (channel,))

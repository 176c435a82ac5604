"""What was told, what waits to be delivered and what could not be, folded from the events of notifications."""

from __future__ import annotations

from typing import Final

import msgspec

from config.instants import Instant, instant_text
from config.plan import Plan
from machines import events
from machines.notifying.news import News, news_of

BEGUN: Final = "notifications_on"
"""The key of the first notification of a journal: what merely happened before it is not told."""
NEWS_ITEMS_MAX: Final = 64
"""News that wait to be told; where nobody is to be told, the oldest are forgotten."""
DEAD_ITEMS_MAX: Final = 1_000
"""Dead letters that are listed and can be replayed; the journal keeps all."""
DELIVERED, FAILED, DEAD = "delivered", "failed", "dead"


class Told(msgspec.Struct, frozen=True):
    """One notification, or the end of one, as it goes out."""

    id: str
    key: str
    severity: str
    raised: bool
    title: str
    text: str
    at: Instant


class Standing(msgspec.Struct, frozen=True):
    """What crossed its bound and did not come back."""

    told: Told
    channels: tuple[str, ...]
    """() where a severer one was told instead."""


class Delivery(msgspec.Struct, frozen=True):
    """One notification on its way to one channel, or the dead letter that it became."""

    channel: str
    told: Told
    due_at: Instant
    attempts: int = 0
    reason: str = ""
    """Why the newest attempt failed."""


class Closed(msgspec.Struct, frozen=True):
    """A channel whose receiver said that it is gone."""

    reason: str
    fingerprint: str
    at: Instant


class Awaited(msgspec.Struct, frozen=True):
    """A higher level that is moved towards, and whose components do not all serve yet."""

    level: int
    sequence: int

    @property
    def key(self) -> str:
        """Under which its arrival is told."""
        return f"level_reached:{self.sequence}"


class Notifications(msgspec.Struct):
    """Everything that a kill must not lose."""

    begun_at: Instant | None = None
    told_items: int = 0
    """Notifications and ends so far: the next one's number."""
    standing: dict[str, Standing] = {}
    waiting: dict[str, Delivery] = {}
    """By `delivery_key`, in the order in which they were told."""
    dead: dict[str, Delivery] = {}
    closed: dict[str, Closed] = {}
    news: dict[str, News] = {}
    awaited: Awaited | None = None
    delivered: dict[str, int] = {}
    """How many, by channel."""


def delivery_key(notification_id: str, channel: str) -> str:
    """What a delivery is known by."""
    return f"{notification_id} {channel}"


_OF_NOTIFICATIONS: Final[frozenset[type]] = frozenset(
    {
        events.NotificationRaised,
        events.NotificationCleared,
        events.DeliveryEnded,
        events.ChannelClosed,
        events.DeliveryReplayed,
    }
)
"""The events that `_fold_own` folds."""


def fold_notifications(
    notifications: Notifications, recorded: events.Recorded, plan: Plan | None, target: tuple[int, int]
) -> None:
    """Fold any event: most are ignored. `target` is the level that is moved towards, before it and after."""
    if type(recorded.event) in _OF_NOTIFICATIONS:
        _fold_own(notifications, recorded.event, recorded.recorded_at)
    elif (news := news_of(recorded, plan)) is not None:
        notifications.news[news.key] = news
        _trim(notifications.news, NEWS_ITEMS_MAX)
    before, after = target
    if after != before:
        notifications.awaited = Awaited(after, recorded.sequence) if after > before else None


def _fold_own(notifications: Notifications, event: events.Event, at: Instant) -> None:
    match event:
        case events.NotificationRaised():
            _fold_raised(notifications, event, at)
        case events.NotificationCleared():
            _fold_cleared(notifications, event, at)
        case events.DeliveryEnded():
            _fold_ended(notifications, event)
        case events.ChannelClosed():
            notifications.closed[event.channel] = Closed(event.reason, event.fingerprint, at)
        case events.DeliveryReplayed():
            _fold_replayed(notifications, event, at)
        case _:
            pass


def _fold_raised(notifications: Notifications, event: events.NotificationRaised, at: Instant) -> None:
    told = Told(event.notification_id, event.key, event.severity, True, event.title, event.text, at)
    notifications.told_items += 1
    if event.lasting:
        notifications.standing[event.key] = Standing(told, event.channels)
    notifications.news.pop(event.key, None)
    if notifications.awaited is not None and notifications.awaited.key == event.key:
        notifications.awaited = None
    if event.key == BEGUN:
        notifications.begun_at = at
        notifications.news.clear()
    for channel in event.channels:
        due_at = at if event.not_before is None else event.not_before
        notifications.waiting[delivery_key(told.id, channel)] = Delivery(channel, told, due_at)


def _fold_cleared(notifications: Notifications, event: events.NotificationCleared, at: Instant) -> None:
    """Where the alarm was not even tried yet, the end takes its place and tells both."""
    notifications.told_items += 1
    standing = notifications.standing.pop(event.key, None)
    if standing is None:
        return
    began = standing.told
    for channel in event.channels:
        alarm = notifications.waiting.get(delivery_key(began.id, channel))
        text = f"What was told at {instant_text(began.at)} is over."
        if alarm is not None and alarm.attempts == 0:
            del notifications.waiting[delivery_key(began.id, channel)]
            text = f"It began at {instant_text(began.at)} and is over since {instant_text(at)}. It was:\n\n{began.text}"
        told = Told(event.notification_id, event.key, began.severity, False, f"Over: {began.title}", text, at)
        due_at = at if event.not_before is None else event.not_before
        notifications.waiting[delivery_key(told.id, channel)] = Delivery(channel, told, due_at)


def _fold_ended(notifications: Notifications, event: events.DeliveryEnded) -> None:
    key = delivery_key(event.notification_id, event.channel)
    delivery = notifications.waiting.get(key)
    if event.outcome == DELIVERED:
        notifications.waiting.pop(key, None)
        notifications.delivered[event.channel] = notifications.delivered.get(event.channel, 0) + 1
        notifications.closed.pop(event.channel, None)
    elif delivery is not None:
        due_at = delivery.due_at if event.retry_at is None else event.retry_at
        after = msgspec.structs.replace(delivery, due_at=due_at, attempts=event.attempts, reason=event.reason)
        if event.outcome == DEAD:
            del notifications.waiting[key]
            notifications.dead[key] = after
            _trim(notifications.dead, DEAD_ITEMS_MAX)
        else:
            notifications.waiting[key] = after


def _fold_replayed(notifications: Notifications, event: events.DeliveryReplayed, at: Instant) -> None:
    """What waits is due at once; what is dead waits again, as if it had never been tried."""
    key = delivery_key(event.notification_id, event.channel)
    notifications.closed.pop(event.channel, None)
    if (dead := notifications.dead.pop(key, None)) is not None:
        notifications.waiting[key] = Delivery(dead.channel, dead.told, at)
    elif (waits := notifications.waiting.get(key)) is not None:
        notifications.waiting[key] = msgspec.structs.replace(waits, due_at=at)


def _trim(items: dict[str, News] | dict[str, Delivery], items_max: int) -> None:
    while len(items) > items_max:
        del items[next(iter(items))]

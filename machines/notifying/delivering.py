"""Which delivery is next, and what an attempt that failed comes to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from config.instants import SECOND, Instant
from machines.events import DeliveryEnded
from machines.notifying.raising import RANK
from machines.state.notifications import DEAD, FAILED, Delivery, Notifications

PAUSES_S: Final = (300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After the first pause, which the settings name: the schedule that Standard Webhooks gives as its example."""
RETRY_AFTER_MAX_S: Final = 86_400
"""A receiver may ask for a longer pause than ours, but not to be left alone for ever."""
REASON_CHARACTERS_MAX: Final = 300


class Failure(msgspec.Struct, frozen=True):
    """Why an attempt did not deliver."""

    reason: str
    final: bool = False
    """Trying again cannot help."""
    retry_after_s: float | None = None


class Patience(msgspec.Struct, frozen=True):
    """How often and when is tried again."""

    retry_initial_s: int
    attempts_max: int


def next_due(notifications: Notifications, channel: str, now: Instant) -> Delivery | None:
    """The severest that is due, the oldest of those first; an end never before its beginning."""
    due = [each for each in _first_of_each_key(notifications, channel) if each.due_at <= now]
    return max(due, key=lambda each: RANK[each.told.severity], default=None)


def next_due_at(notifications: Notifications, channel: str) -> Instant | None:
    """When the next delivery of the channel is due."""
    return min((each.due_at for each in _first_of_each_key(notifications, channel)), default=None)


def _first_of_each_key(notifications: Notifications, channel: str) -> Iterator[Delivery]:
    keys: set[str] = set()
    for each in notifications.waiting.values():
        if each.channel == channel and each.told.key not in keys:
            keys.add(each.told.key)
            yield each


def after_failure(
    delivery: Delivery, failure: Failure, now: Instant, patience: Patience, stretch: float
) -> DeliveryEnded:
    """Tried again later, or a dead letter; `stretch` keeps many senders from coming back at one moment."""
    attempts, reason = delivery.attempts + 1, failure.reason[:REASON_CHARACTERS_MAX]
    told = delivery.told.id
    if failure.final or attempts >= patience.attempts_max:
        return DeliveryEnded(told, delivery.channel, DEAD, attempts, reason=reason)
    pause_s = patience.retry_initial_s if attempts == 1 else PAUSES_S[min(attempts - 2, len(PAUSES_S) - 1)]
    asked_s = min(failure.retry_after_s or 0, RETRY_AFTER_MAX_S)
    retry_at = now + round(max(pause_s * stretch, asked_s) * SECOND)
    return DeliveryEnded(told, delivery.channel, FAILED, attempts, retry_at, reason)

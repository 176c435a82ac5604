"""What `solvent notify list` shows: as values for JSON, and as rows for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.instants import instant_text
from machines.state.notifications import Delivery, Notifications


def listed(notifications: Notifications, *, dead_only: bool) -> dict[str, object]:
    """Everything that is known of the state of notifications; with `dead_only` the dead letters and closed channels."""
    closed = [
        {"channel": name, "since": instant_text(each.at), "reason": each.reason}
        for name, each in notifications.closed.items()
    ]
    dead = [_delivery(each) for each in notifications.dead.values()]
    if dead_only:
        return {"dead": dead, "closed": closed}
    standing = [
        {
            "id": each.told.id,
            "key": each.told.key,
            "severity": each.told.severity,
            "title": each.told.title,
            "since": instant_text(each.told.at),
            "channels": list(each.channels),
        }
        for each in notifications.standing.values()
    ]
    waiting = [_delivery(each) | {"next": instant_text(each.due_at)} for each in notifications.waiting.values()]
    return {"standing": standing, "waiting": waiting, "dead": dead, "closed": closed}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    told = delivery.told
    return {
        "id": told.id,
        "channel": delivery.channel,
        "severity": told.severity,
        "title": told.title,
        "at": instant_text(told.at),
        "attempts": delivery.attempts,
        "reason": delivery.reason,
    }


def rows(shown: dict[str, Any], *, dead_only: bool) -> Iterator[str]:
    """One line each, under a line that counts them."""
    if not dead_only:
        yield _count(len(shown["standing"]), "stands", "stand")
        for each in shown["standing"]:
            yield f"  {each['since']}  {each['severity']:8}  {each['title']}  ({each['key']})"
        yield _count(len(shown["waiting"]), "delivery waits", "deliveries wait")
        for each in shown["waiting"]:
            yield f"  {_row(each)}, next {each['next']}{_why(each)}"
    yield _count(len(shown["dead"]), "dead letter", "dead letters")
    for each in shown["dead"]:
        yield f"  {_row(each)}{_why(each)}"
    for each in shown["closed"]:
        yield f"The channel {each['channel']} is closed since {each['since']}: {each['reason']}"


def _row(each: dict[str, Any]) -> str:
    return f"{each['id']} to {each['channel']}: {each['severity']}: {each['title']}, {each['attempts']} attempts"


def _why(each: dict[str, Any]) -> str:
    return f": {each['reason']}" if each["reason"] else ""


def _count(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}."

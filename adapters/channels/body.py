"""A notification as JSON, the same for webhooks and MQTT."""

from __future__ import annotations

from typing import Final

import msgspec

from config.instants import instant_text
from machines.ports.channels import Message

TYPE: Final = "solvent.notification"


def body_of(message: Message) -> str:
    """The text that is sent; the same at every attempt."""
    at = instant_text(message.at)
    data = {
        "id": message.id,
        "key": message.key,
        "severity": message.severity,
        "raised": message.raised,
        "title": message.title,
        "text": message.text,
        "at": at,
        "instance": message.instance,
    }
    return msgspec.json.encode({"type": TYPE, "timestamp": at, "data": data}).decode()

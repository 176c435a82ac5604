"""The port to whoever is told: one delivery, one answer."""

from __future__ import annotations

from typing import Protocol

import msgspec

from config.instants import Instant

__all__ = ["Channel", "ChannelGoneError", "ChannelUnusableError", "Message"]


class Message(msgspec.Struct, frozen=True):
    """One notification as it goes out."""

    id: str
    """The same at every attempt: whoever receives it twice knows."""
    severity: str
    """`info`, `warning` or `critical`; the end of an alarm has the severity of the alarm."""
    key: str
    """What it is about, such as `cost_above_cap`: an alarm and its end have the same."""
    raised: bool
    """False: what was told under this key is over."""
    title: str
    text: str
    """What happened, why, and what to type next."""
    at: Instant
    instance: str


class ChannelGoneError(Exception):
    """The receiver says that it will never take anything again (HTTP 410): nothing more is sent there."""


class ChannelUnusableError(Exception):
    """What the settings say of a channel cannot be used; the message says what to do, and names no secret."""


class Channel(Protocol):
    """One way to tell somebody. Held to `tests/contracts/channel.py`."""

    name: str

    async def deliver(self, message: Message) -> None:
        """Hand the message over. Raises `machines.ports.faults.CallError`, or `ChannelGoneError`.

        `Transient` and `Ambiguous` are tried again under the same id, `Permanent` makes it a dead letter.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; harmless a second time."""
        ...

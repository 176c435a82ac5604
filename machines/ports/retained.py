"""The port of a broker's retained topics: the last word on each stands there for whoever comes later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class BrokerUnusableError(Exception):
    """What the settings say of the broker cannot be used; the message says what to do."""


class RetainedSession(Protocol):
    """One connection. Every method raises `machines.ports.faults.Transient` once the connection is lost."""

    async def retain(self, payloads: Mapping[str, str]) -> None:
        """Make each payload its topic's last word; "" removes the topic. Returns when the broker has them all."""
        ...

    async def found(self) -> str:
        """The next topic that the broker holds under those watched; a topic may be told again when it is written."""
        ...


class RetainedBroker(Protocol):
    """A broker. Its calls block nothing but who awaits them."""

    def session(
        self, will_topic: str, will: str, watched: Sequence[str]
    ) -> AbstractAsyncContextManager[RetainedSession]:
        """A connection for the length of the block; the broker publishes `will` when it ends in any other way.

        `watched` are topic filters. Raises `machines.ports.faults.CallError` where the broker cannot be reached.
        """
        ...

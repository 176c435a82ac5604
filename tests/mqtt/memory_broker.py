"""A broker in memory that counts, refuses and breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from machines.ports.faults import Transient


class MemorySession:
    """One connection to it."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._left = asyncio.Queue[str]()
        for topic in broker.held:
            self._left.put_nowait(topic)

    async def retain(self, payloads: Mapping[str, str]) -> None:
        """Hold them, or break off."""
        if self._broker.broken:
            raise Transient("it broke off")
        self._broker.sent.append(dict(payloads))
        for topic, payload in payloads.items():
            if payload:
                self._broker.held[topic] = payload
            else:
                self._broker.held.pop(topic, None)

    async def found(self) -> str:
        """What was held when it began."""
        return await self._left.get()


class MemoryBroker:
    """Its retained topics, and every batch that was sent."""

    def __init__(self) -> None:
        """Empty and well."""
        self.held: dict[str, str] = {}
        self.sent: list[dict[str, str]] = []
        self.away = ""
        self.broken = False
        self.attempts_s: list[float] = []

    @asynccontextmanager
    async def session(self, will_topic: str, will: str, watched: Sequence[str]) -> AsyncIterator[MemorySession]:
        """A connection, unless it is away."""
        assert (will_topic, will) == ("solvent/shop/availability", "offline")
        assert watched
        self.attempts_s.append(asyncio.get_running_loop().time())
        if self.away:
            raise Transient(self.away)
        yield MemorySession(self)

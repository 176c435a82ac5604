"""The other parties outside: who sends bills, who is told, the MQTT broker, and the streams behind a slow network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Never

from adapters.memory_streams import MemoryStreams
from machines.ports.channels import ChannelGoneError, Message
from machines.ports.costs import BilledDay
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.retained import RetainedSession
from machines.ports.streams import Outgoing

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld


class FakeBills:
    """A provider's bill: what the plan says, give or take, or something strange."""

    name = "cost_explorer"

    def __init__(self, world: SwarmWorld) -> None:
        self._world = world

    async def read(self, plan: str, first_day: date, last_day: date) -> tuple[BilledDay, ...]:
        """The days of it."""
        del plan
        world = self._world
        if "bill_away" in world.on:
            world.meets("bill_away")
            raise Transient("the bill cannot be read now", 3_600)
        factor = 1
        if "bill_strange" in world.on:
            world.meets("bill_strange")
            factor = 7
        costs = {each: micros // 30 for each, micros in world.standing_costs().items()}
        days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
        return tuple(
            BilledDay(day, "EUR", {name: micros * factor for name, micros in costs.items()}, unattributed_micros=1)
            for day in days
        )

    async def close(self) -> None:
        """Nothing is held."""


class FakeChannel:
    """Somebody who is told; each message that was taken is remembered by its id."""

    name = "pager"

    def __init__(self, world: SwarmWorld) -> None:
        self._world = world

    async def deliver(self, message: Message) -> None:
        """Take the message, or not."""
        world = self._world
        if "channel_refuses" in world.on and world.chance.random() < 0.5:
            world.meets("channel_refuses")
            if world.chance.random() < 0.1:
                raise ChannelGoneError("410: nobody is here any more")
            raise Permanent("400: this is no message")
        if "channel_fails" in world.on and world.chance.random() < 0.5:
            world.meets("channel_fails")
            if world.chance.random() < 0.5:
                world.told_messages[message.id] = world.told_messages.get(message.id, 0) + 1
            raise Ambiguous("the receiver gave no answer")
        world.told_messages[message.id] = world.told_messages.get(message.id, 0) + 1

    async def close(self) -> None:
        """Nothing is held."""


class FakeBroker:
    """A broker with retained topics that outlive every process."""

    def __init__(self, world: SwarmWorld) -> None:
        self._world = world

    @asynccontextmanager
    async def session(self, will_topic: str, will: str, watched: Sequence[str]) -> AsyncIterator[RetainedSession]:
        """A connection."""
        del watched
        self._refuse()
        session = FakeSession(self)
        try:
            yield session
        finally:
            self._world.retained[will_topic] = will

    def retain(self, payloads: Mapping[str, str]) -> None:
        """The last word on each topic."""
        self._refuse()
        for topic, payload in payloads.items():
            if payload:
                self._world.retained[topic] = payload
            else:
                self._world.retained.pop(topic, None)

    def _refuse(self) -> None:
        if "broker_away" in self._world.on and self._world.meets("broker_away"):
            raise Transient("the broker is away")


class FakeSession:
    """One connection to it."""

    def __init__(self, broker: FakeBroker) -> None:
        self._broker = broker

    async def retain(self, payloads: Mapping[str, str]) -> None:
        """Make each payload its topic's last word."""
        await asyncio.sleep(0)
        self._broker.retain(payloads)

    async def found(self) -> Never:
        """Nothing strays: wait until the connection ends."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody sets it")


class SlowStreams(MemoryStreams):
    """A network that takes its time, before and after the server does what it is asked."""

    def __init__(self, world: SwarmWorld) -> None:
        super().__init__(world.server)
        self._world = world

    async def publish(self, *args: Any) -> int:
        """Append, late."""
        await self._lag()
        return await super().publish(*args)

    def _append(self, stream: str, entries: Sequence[Outgoing], entries_max: int) -> int:
        """As the server does it; who watches what is published sees it now, before anything can erase it."""
        held = self._held(stream)
        newest = held.entries[-1] if held and held.entries else None
        appended = super()._append(stream, entries, entries_max)
        self._world.publishing.attempted(stream, newest, entries, appended=bool(appended))
        return appended

    async def write_hashes(self, *args: Any) -> None:
        """Write, late."""
        await self._lag()
        await super().write_hashes(*args)

    async def read(self, *args: Any) -> Any:
        """Read; the answer comes late."""
        found = await super().read(*args)
        await self._lag()
        return found

    async def _lag(self) -> None:
        if "redis_slow" in self._world.on:
            self._world.meets("redis_slow")
            await asyncio.sleep(self._world.chance.choice((0.5, 3, 20)))

"""`MemoryStreams` keeps the contract of the port, and its server plays the faults of a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from adapters.clocks import SystemClock
from adapters.memory_streams import MemoryServer, MemoryStreams
from machines.ports.streams import START, Entry, StreamFacts, StreamsAwayError
from tests.contracts.streams import StreamsContract, outgoing


class FixedClock(SystemClock):
    """A wall that stands where it is put."""

    at = 5_000_000

    def wall(self) -> int:
        """Where it was put."""
        return self.at


class MemorySubject:
    """A server in memory and the hands of a stranger on it."""

    def __init__(self, server: MemoryServer) -> None:
        self.server = server
        self.streams = self.another()

    def another(self) -> MemoryStreams:
        """A second connection to the same instance."""
        return MemoryStreams(self.server)

    async def add(self, stream: str, fields: Mapping[str, str], entry_id: str = "*") -> str:
        """`XADD` by anybody."""
        return self.server.add(stream, fields, entry_id=None if entry_id == "*" else entry_id)

    async def delete(self, stream: str) -> None:
        """`DEL` of a stream."""
        self.server.delete(stream)

    async def hash_fields(self, name: str) -> dict[str, str]:
        """`HGETALL`."""
        return self.server.hash_fields(name)


@pytest.fixture
def server() -> MemoryServer:
    """An empty server whose clock stands."""
    return MemoryServer(FixedClock())


class TestInMemory(StreamsContract):
    """The contract, in memory."""

    @pytest.fixture
    def subject(self, server: MemoryServer) -> MemorySubject:
        """The empty server and a connection to it."""
        return MemorySubject(server)


async def test_ids_come_from_the_clock_and_always_rise(server: MemoryServer) -> None:
    """As `XADD *` does: the clock's milliseconds, and the next sequence where the clock stands or goes back."""
    clock = server._clock
    assert isinstance(clock, FixedClock)
    first, second = server.add("payments", {}), server.add("payments", {})
    clock.at = 1
    assert [first, second, server.add("payments", {})] == ["5000-0", "5000-1", "5000-2"]


async def test_an_away_server_refuses_every_call_and_keeps_its_data(server: MemoryServer) -> None:
    """Calls fail while it is away; afterwards everything is as it was."""
    streams = MemoryStreams(server)
    await streams.publish("events", outgoing(1), 100)
    server.go_away("unplugged")
    with pytest.raises(StreamsAwayError, match="unplugged"):
        await streams.publish("events", outgoing(2), 100)
    server.come_back()
    assert [entry.id for entry in server.entries("events")] == ["1-1"]


@pytest.mark.parametrize("fault", ["go_away", "restart_empty"])
async def test_a_blocked_read_ends_when_the_connection_breaks(server: MemoryServer, fault: str) -> None:
    """A read that waits when the server goes hears of it at once."""
    reading = asyncio.ensure_future(MemoryStreams(server).read({"payments": START}, 10, 60_000))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert server._waiting
    getattr(server, fault)()
    with pytest.raises(StreamsAwayError):
        await reading


async def test_a_server_restarted_empty_has_forgotten_all(server: MemoryServer) -> None:
    """Streams, their last ids and hashes are gone."""
    streams = MemoryStreams(server)
    await streams.publish("events", outgoing(7), 100)
    await streams.write_hashes({"component:a": {"state": "HOT"}})
    server.restart_empty()
    assert await streams.facts("events", START) == StreamFacts(
        exists=False, last_generated_id=START, cursor_entry_exists=True
    )
    assert server.hash_names() == []


async def test_a_lost_reply_leaves_the_write_applied(server: MemoryServer) -> None:
    """The caller hears of a failure, the entry is there, and the next call works."""
    streams = MemoryStreams(server)
    server.lose_reply_of("publish")
    with pytest.raises(StreamsAwayError, match="reply to publish was lost"):
        await streams.publish("events", outgoing(1), 100)
    assert await streams.last_entry("events") == Entry("1-1", {"n": "1"})
    assert await streams.publish("events", outgoing(1), 100) == 0


@pytest.mark.parametrize(("hook", "applied"), [("before_call", 0), ("after_call", 1)])
async def test_hooks_strike_before_or_after_a_call_is_applied(server: MemoryServer, hook: str, applied: int) -> None:
    """What a hook raises reaches the caller; only the one after the call finds it applied."""
    calls: list[str] = []

    def crash(call: str) -> None:
        calls.append(call)
        raise KeyboardInterrupt

    setattr(server, hook, crash)
    with pytest.raises(KeyboardInterrupt):
        await MemoryStreams(server).publish("events", outgoing(1), 100)
    assert calls == ["publish"]
    assert len(server.entries("events")) == applied

"""`RedisStreams` keeps the contract of the port on a real server and on fakeredis."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.redis_streams import RedisStreams
from adapters.redis_streams.names import key_prefix
from machines.ports.streams import START, Entry
from tests.contracts.streams import StreamsContract

_numbers = itertools.count(1)


class RedisSubject:
    """An instance of its own on a shared server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.instance = f"test-{next(_numbers)}"
        self.prefix = key_prefix(self.instance)
        self.stranger: Any = Redis.from_url(url, protocol=2, decode_responses=True)
        self._open: list[RedisStreams] = []
        self.streams = self.another()

    def another(self) -> RedisStreams:
        """A second connection to the same instance."""
        self._open.append(RedisStreams(self.url, self.instance))
        return self._open[-1]

    async def add(self, stream: str, fields: Mapping[str, str], entry_id: str = "*") -> str:
        """`XADD` by anybody."""
        return str(await self.stranger.xadd(self.prefix + stream, dict(fields), id=entry_id))

    async def delete(self, stream: str) -> None:
        """`DEL` of a stream."""
        await self.stranger.delete(self.prefix + stream)

    async def hash_fields(self, name: str) -> dict[str, str]:
        """`HGETALL`."""
        return dict(await self.stranger.hgetall(self.prefix + name))

    async def close(self) -> None:
        """Let go of every connection."""
        for streams in self._open:
            await streams.close()
        await self.stranger.aclose()


class TestOnARealServer(StreamsContract):
    """The contract, and what only a real server shows."""

    @pytest.fixture
    async def subject(self, redis_url: str) -> AsyncIterator[RedisSubject]:
        """An empty instance."""
        subject = RedisSubject(redis_url)
        yield subject
        await subject.close()

    async def test_clients_carry_their_names(self, subject: RedisSubject) -> None:
        """An operator tells reader and writer apart in `CLIENT LIST`."""
        await subject.streams.facts("payments", START)
        await subject.streams.read({"payments": START}, 1, 0)
        names = {client["name"] for client in await subject.stranger.client_list()}
        assert {f"solvent-{subject.instance}-reader", f"solvent-{subject.instance}-writer"} <= names

    async def test_undecodable_bytes_are_replaced(self, subject: RedisSubject) -> None:
        """A binary field becomes a text with replacement characters; its neighbours stay readable."""
        await subject.stranger.xadd(subject.prefix + "payments", {"amount": b"\xff\xfe1", "currency": "EUR"}, id="1-0")
        found = await subject.streams.read({"payments": START}, 10, 0)
        assert found == {"payments": [Entry("1-0", {"amount": "\ufffd\ufffd1", "currency": "EUR"})]}

    async def test_of_a_field_given_twice_the_last_is_seen(self, subject: RedisSubject) -> None:
        """What docs/operating.md says: the server keeps both, and the client for Python makes one of them."""
        given = ("amount", "1.00", "currency", "EUR", "amount", "2.00")
        await subject.stranger.execute_command("XADD", subject.prefix + "payments", "1-0", *given)
        found = await subject.streams.read({"payments": START}, 10, 0)
        assert found == {"payments": [Entry("1-0", {"amount": "2.00", "currency": "EUR"})]}

    async def test_keys_of_two_instances_do_not_mix(self, subject: RedisSubject, redis_url: str) -> None:
        """The same stream name under another instance is another stream."""
        await subject.add("payments", {"n": "1"})
        other = RedisStreams(redis_url, f"{subject.instance}-other")
        assert not (await other.facts("payments", START)).exists
        await other.close()


class TestOnFakeredis(StreamsContract):
    """The contract on the imitation that `make run` falls back to."""

    @pytest.fixture
    async def subject(self, fake_redis_url: str) -> AsyncIterator[RedisSubject]:
        """An empty instance."""
        subject = RedisSubject(fake_redis_url)
        yield subject
        await subject.close()


def test_the_default_instance_has_the_short_prefix() -> None:
    """`solvent:payments` for the instance `solvent`, `solvent:shop:payments` for one named shop."""
    assert key_prefix("solvent") == "solvent:"
    assert key_prefix("shop") == "solvent:shop:"

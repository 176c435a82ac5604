"""What `RedisStreams` does when the server, the connection or the operator's address fails it."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from adapters.redis_server import EmbeddedRedis
from adapters.redis_streams import RedisStreams
from adapters.redis_streams.names import url_without_password
from machines.ports.streams import START, Owner, StreamFacts, StreamsAwayError
from tests.conftest import REAL_KINDS
from tests.contracts.streams import numbers_in, outgoing
from tests.streams.cutting_proxy import CuttingProxy

_numbers = itertools.count(1)
NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
async def server(redis_url: str, tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    """A real server of the test's own, to be killed; skipped where the session has none."""
    server = EmbeddedRedis(tmp_path, kinds=REAL_KINDS)
    yield server
    await server.stop()


async def test_a_lost_reply_does_not_double_an_entry(redis_url: str) -> None:
    """The entries are there once, the caller hears of a failure, and publishing them again is refused."""
    async with CuttingProxy(redis_url) as proxy:
        streams = RedisStreams(proxy.url, f"cut-{next(_numbers)}")
        await streams.publish("events", outgoing(1), 100)
        proxy.cut_after = b"EXEC"
        with pytest.raises(StreamsAwayError):
            await streams.publish("events", outgoing(2, 3), 100)
        assert proxy.cuts == 1
        assert await numbers_in(streams, "events") == [1, 2, 3]
        assert await streams.publish("events", outgoing(2, 3), 100) == 0
        assert await streams.publish("events", outgoing(4), 100) == 1
        await streams.close()


async def test_a_lost_reply_does_not_lose_a_claim(redis_url: str) -> None:
    """A claim whose reply was lost stands, and claiming again says what was not heard: that the server was empty."""
    owner = Owner("journal-1", "process 1")
    async with CuttingProxy(redis_url) as proxy:
        instance = f"cut-{next(_numbers)}"
        streams = RedisStreams(proxy.url, instance)
        proxy.cut_after = b"EXEC"
        with pytest.raises(StreamsAwayError):
            await streams.claim(owner)
        another = RedisStreams(redis_url, instance)
        assert await another.claim(Owner("journal-2", "process 2")) == owner
        assert await streams.claim(owner) == msgspec.structs.replace(owner, is_new=True)
        assert await streams.claim(owner) == owner
        await another.close()
        await streams.close()


async def test_a_server_that_nobody_started_is_away() -> None:
    """Every call says where nobody answers and what to check."""
    streams = RedisStreams(NOBODY, "solvent")
    calls: list[Any] = [
        streams.facts("payments", START),
        streams.read({"payments": START}, 1, 100),
        streams.last_entry("events"),
        streams.publish("events", outgoing(1), 100),
        streams.write_hashes({"a": {"b": "c"}}),
        streams.trim_before("payments", START),
        streams.claim(Owner("journal-1", "process 1")),
        streams.owner(),
    ]
    for call in calls:
        with pytest.raises(StreamsAwayError, match=r"Redis at redis://127\.0\.0\.1:1 cannot be reached; check that it"):
            await call
    await streams.close()


async def test_a_silent_server_is_away_after_the_time_limit() -> None:
    """A server that accepts and never answers does not hold the caller."""
    accepted: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _reader, writer: accepted.append(writer), "127.0.0.1", 0)
    streams = RedisStreams(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}", "solvent", timeout_s=0.05)
    with pytest.raises(StreamsAwayError, match="did not answer in time"):
        await streams.facts("payments", START)
    await streams.close()
    silent.close()
    for writer in accepted:
        writer.close()


async def test_a_wrong_password_is_named_and_not_shown(redis_url: str) -> None:
    """The message says that the account was refused, and carries no password."""
    streams = RedisStreams(redis_url.replace("//", "//nobody:hunter2@"), "solvent")
    with pytest.raises(StreamsAwayError, match="refused the password of the user nobody") as caught:
        await streams.facts("payments", START)
    assert "hunter2" not in str(caught.value)
    await streams.close()


async def test_a_missing_password_is_named(server: EmbeddedRedis) -> None:
    """A server that asks for one says so; once the address carries it, calls work."""
    url = await server.start()
    operator: Any = Redis.from_url(url, protocol=2)
    await operator.config_set("requirepass", "hunter2")
    without, with_it = RedisStreams(url, "solvent"), RedisStreams(url.replace("//", "//:hunter2@"), "solvent")
    with pytest.raises(StreamsAwayError, match=r"asks for a user and a password; name them as redis_access\.user"):
        await without.facts("payments", START)
    assert not (await with_it.facts("payments", START)).exists
    for client in (without, with_it):
        await client.close()
    await operator.aclose()


async def test_a_full_server_says_that_nothing_was_written(server: EmbeddedRedis) -> None:
    """Out of memory is away, with the setting to raise; afterwards nothing of the group is there."""
    url = await server.start()
    operator: Any = Redis.from_url(url, protocol=2)
    await operator.config_set("maxmemory", "1")
    streams = RedisStreams(url, "solvent")
    with pytest.raises(StreamsAwayError, match="out of memory and wrote nothing"):
        await streams.publish("events", outgoing(1, 2), 100)
    await operator.config_set("maxmemory", "0")
    assert await numbers_in(streams, "events") == []
    await streams.close()
    await operator.aclose()


async def test_a_primary_that_became_a_replica_is_left(server: EmbeddedRedis) -> None:
    """READONLY ends the connection: the address may lead elsewhere by now, as a name of a managed Redis does."""
    url = await server.start()
    operator: Any = Redis.from_url(url, protocol=2, decode_responses=True)
    streams = RedisStreams(url, "solvent")
    await streams.publish("events", outgoing(1), 100)
    writers = await _writers(operator)
    await operator.replicaof("127.0.0.1", "1")
    with pytest.raises(StreamsAwayError, match="is a read-only replica; give --redis the address of the primary"):
        await streams.publish("events", outgoing(2), 100)
    later = await _writers(operator)
    await operator.replicaof("no", "one")

    assert 1 == len(writers)
    assert set() == writers & later
    assert 1 == await streams.publish("events", outgoing(2), 100)
    await streams.close()
    await operator.aclose()


async def test_a_full_server_is_read_on(server: EmbeddedRedis) -> None:
    """Facts and entries are told while every write is refused."""
    url = await server.start()
    operator: Any = Redis.from_url(url, protocol=2)
    streams = RedisStreams(url, "solvent")
    await streams.publish("payments", outgoing(1, 2), 100)
    await operator.config_set("maxmemory", "1")

    assert StreamFacts(True, "2-1", True, True) == await streams.facts("payments", "2-1")
    assert [1, 2] == await numbers_in(streams, "payments")
    await streams.close()
    await operator.aclose()


async def test_a_key_of_another_type_is_named(redis_url: str) -> None:
    """A stranger's string under our key is away, with what to do about it."""
    instance = f"type-{next(_numbers)}"
    operator: Any = Redis.from_url(redis_url, protocol=2)
    await operator.set(f"solvent:{instance}:events", "x")
    streams = RedisStreams(redis_url, instance)
    with pytest.raises(StreamsAwayError, match=f"holds something else under our key solvent:{instance}:events;"):
        await streams.publish("events", outgoing(1), 100)
    await streams.close()
    await operator.aclose()


async def test_a_killed_server_comes_back_with_its_data(server: EmbeddedRedis) -> None:
    """After SIGKILL and a new start the same client finds every entry, under the same address."""
    url = await server.start()
    streams = RedisStreams(url, "solvent")
    await streams.publish("events", outgoing(1, 2, 3), 100)
    _kill(server)
    with pytest.raises(StreamsAwayError):
        await streams.facts("events", START)
    assert await server.start() == url
    assert await numbers_in(streams, "events") == [1, 2, 3]
    await streams.close()


async def test_a_server_restarted_empty_shows_it(server: EmbeddedRedis, tmp_path: Path) -> None:
    """A server that lost its file knows neither the stream nor the cursor."""
    streams = RedisStreams(await server.start(), "solvent")
    await streams.publish("payments", outgoing(1, 2), 100)
    await server.stop()
    for name in ("appendonly.aof", "appendonlydir"):
        (tmp_path / "redis" / name).exists() and (tmp_path / "redis" / name).rename(tmp_path / name)
    await server.start()
    assert await streams.facts("payments", "2-1") == StreamFacts(False, START, False)
    await streams.close()


async def test_a_blocked_read_hears_of_the_servers_death(server: EmbeddedRedis) -> None:
    """A read that waits when the server is killed ends as away, not as empty."""
    streams = RedisStreams(await server.start(), "solvent")
    await streams.read({"payments": START}, 1, 0)
    reading = asyncio.ensure_future(streams.read({"payments": START}, 1, 2_000))
    for _ in range(10):
        await asyncio.sleep(0)
    _kill(server)
    with pytest.raises(StreamsAwayError):
        await reading
    await streams.close()


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://127.0.0.1", ""])
def test_an_address_that_names_no_redis_is_refused(url: str) -> None:
    """The error says what an address looks like."""
    with pytest.raises(ValueError, match="expected an address such as redis://"):
        RedisStreams(url, "solvent")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
        ("redis://:secret@host:1", "redis://host:1"),
        ("rediss://user:sec%40ret@host?x=secret", "rediss://user@host"),
    ],
)
def test_addresses_are_shown_without_their_password(url: str, shown: str) -> None:
    """Neither password nor query reaches a message."""
    assert shown == url_without_password(url)


async def _writers(operator: Any) -> set[str]:
    """The connections that write for us."""
    return {client["id"] for client in await operator.client_list() if client["name"] == "solvent-solvent-writer"}


def _kill(server: EmbeddedRedis) -> None:
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert server._process is not None
    server._process.wait(10)

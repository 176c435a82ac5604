"""A Redis behind sentinels, real ones: every client finds the primary, and leaves it when it is none any more."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from redis.asyncio.sentinel import MasterNotFoundError

from adapters.clocks import SystemClock
from adapters.examinations.redis import redis_facts
from adapters.redis_keys.connection import KeyConnection, KeyedKind
from adapters.redis_streams import CommandSender, PaymentsSender, RedisAccess, RedisStreams
from adapters.redis_streams.access import ANONYMOUS
from adapters.redis_streams.sentinels import Sentinels
from config.redis_sentinel import sentinel_address
from config.settings import RedisAccessSettings
from machines.ports.faults import Transient
from machines.ports.streams import START, Owner, StreamsAwayError
from tests.contracts.streams import numbers_in, outgoing
from tests.faults.redis.sentinel_set import MASTER, RedisNode, SentinelSet
from tests.processes.waiting import until

PASSWORD = "hush"
ACCESS = RedisAccess(RedisAccessSettings(sentinel_password="env:HUSH"), {"HUSH": PASSWORD})
UNREAD = RedisAccess(RedisAccessSettings(sentinel_password="env:GONE"))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelSet]:
    """A primary, a replica, and a sentinel that asks for a password; nothing fails over by itself."""
    servers = SentinelSet(tmp_path_factory.mktemp("sentinels") / "servers", password=PASSWORD)
    try:
        servers.start()
        yield servers
    finally:
        servers.end()


async def test_everybody_finds_the_primary(servers: SentinelSet) -> None:
    """Streams, senders, budgets and dials, and the doctor: one address for all of them."""
    instance, url = "everybody", servers.url
    streams = RedisStreams(url, instance, access=ACCESS)
    payments = PaymentsSender(url, instance, access=ACCESS)
    commands = CommandSender(url, instance, access=ACCESS)
    budgets = KeyConnection(KeyedKind("budget", "budgets"), url, instance, SystemClock(), ACCESS)
    await streams.publish("events", outgoing(1), 100)
    entry_id = await payments.send([{"n": "7"}])
    await commands.send({"verb": "resume"})
    found = await redis_facts(url, ACCESS, instance, 0)

    assert [7] == await numbers_in(streams, "payments")
    assert entry_id == (await streams.facts("payments", START)).last_generated_id
    assert {} == (await budgets.look("web"))[1]
    assert (False, ()) == (found.is_replica, found.refused)
    for each in (streams, payments, commands, budgets):
        await each.close()


async def test_a_demoted_primary_is_left(servers: SentinelSet) -> None:
    """READONLY writes nothing, is said as what it is, and the next attempt asks the sentinels and the server itself."""
    streams = RedisStreams(servers.url, "demoted", access=ACCESS)
    budgets = KeyConnection(KeyedKind("budget", "budgets"), servers.url, "demoted", SystemClock(), ACCESS)
    await streams.publish("events", outgoing(1), 100)
    await budgets.look("web")
    primary = servers.primary()
    other = servers.second if primary is servers.first else servers.first
    # What the other has not got yet, the primary would forget with its demotion.
    until(lambda: _replicated(other) >= _replicated(primary), "the replica to have the event")
    primary.ask("REPLICAOF", "127.0.0.1", str(other.port))
    try:
        with pytest.raises(Transient, match="has become a replica"):
            await budgets.evaluate("return redis.call('HSET', KEYS[1], 'a', 'b')", [budgets.key("web")], [])
        for _ in range(2):
            with pytest.raises(StreamsAwayError, match="has become a replica; its sentinels are asked again"):
                await streams.publish("events", outgoing(2), 100)
    finally:
        primary.ask("REPLICAOF", "NO", "ONE")
    await _until_published(streams, 2)

    assert [1, 2] == await numbers_in(streams, "events")
    for each in (streams, budgets):
        await each.close()


async def test_what_each_sentinel_said_is_told(servers: SentinelSet) -> None:
    """A password that is missing, a name that nobody watches, a sentinel that is not there."""
    port = servers.sentinels[0].port
    cases = (
        (servers.url, ANONYMOUS, r"refuses us .*see redis_access\.sentinel_password"),
        (servers.url.replace(MASTER, "profit"), ACCESS, f"watches {MASTER}"),
        (servers.url.replace(str(port), "1"), ACCESS, "127.0.0.1:1 Error"),
        (servers.url, UNREAD, r"is not asked: redis_access\.sentinel_password"),
    )
    for url, access, said in cases:
        streams = RedisStreams(url, "said", access=access)
        with pytest.raises(StreamsAwayError, match=f"none of its sentinels names a primary that is up.*{said}"):
            await streams.claim(Owner("journal", "a test"))
        await streams.close()


async def test_the_newest_answer_counts() -> None:
    """A sentinel that was cut off goes on naming the primary of before; one that is silent costs a moment."""
    with _scripted("10.0.0.1", 3) as stale, _scripted("10.0.0.2", 4) as fresh, _scripted("", 0) as silent:
        address = sentinel_address(f"redis+sentinel://127.0.0.1:{stale},127.0.0.1:{silent},127.0.0.1:{fresh}/{MASTER}")
        found = await Sentinels(address, ANONYMOUS, timeout_s=0.5).discover_master(MASTER)

    assert ("10.0.0.2", 6379) == found


async def test_a_replica_that_sentinels_take_for_the_primary_is_not_even_read(servers: SentinelSet) -> None:
    """For some seconds they may be behind the truth: the server says itself what it is, before anything is asked."""
    primary = servers.primary()
    replica = servers.second if primary is servers.first else servers.first
    with _scripted("127.0.0.1", 1, replica.port) as behind:
        streams = RedisStreams(f"redis+sentinel://127.0.0.1:{behind}/{MASTER}", "replica")
        with pytest.raises(StreamsAwayError, match=f"127.0.0.1:{replica.port} says that it is a slave"):
            await streams.facts("payments", START)
        await streams.close()


@pytest.mark.parametrize("down", ["s_down", "o_down"])
async def test_a_primary_that_a_sentinel_holds_for_down_is_not_gone_to(down: str) -> None:
    """It may answer for a moment yet, and forget what it is told: another is being named."""
    with _scripted("10.0.0.1", 9, flags=f"master,{down}") as sentinel:
        address = sentinel_address(f"redis+sentinel://127.0.0.1:{sentinel}/{MASTER}")
        with pytest.raises(MasterNotFoundError, match=r"holds 10\.0\.0\.1:6379 for down, and has named no other yet"):
            await Sentinels(address, ANONYMOUS).discover_master(MASTER)


def _replicated(node: RedisNode) -> int:
    return int(node.ask("INFO", "replication")["master_repl_offset"])


async def _until_published(streams: RedisStreams, number: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await streams.publish("events", outgoing(number), 100)
            except StreamsAwayError:
                await asyncio.sleep(0)
            else:
                return


@contextmanager
def _scripted(host: str, epoch: int, port: int = 6379, flags: str = "master") -> Iterator[int]:
    """The port of a sentinel that names this primary; of one that takes connections and says nothing, with ""."""
    state: Mapping[str, str] = {
        "name": MASTER,
        "ip": host,
        "port": f"{port}",
        "flags": flags,
        "config-epoch": f"{epoch}",
    }
    words = [word for pair in state.items() for word in pair]
    reply = f"*1\r\n*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            while client.recv(65_536):
                if host:
                    client.sendall(reply.encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, name="scripted sentinel", daemon=True).start()
        yield listener.getsockname()[1]

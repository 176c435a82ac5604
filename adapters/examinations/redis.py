"""A Redis as its user finds it: what it is, whether it keeps what it is given, and what it lets this user do."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from adapters.redis_streams.access import RedisAccess, place_of
from adapters.redis_streams.clients import make_client
from adapters.redis_streams.faults import away_on_error
from adapters.redis_streams.names import key_prefix
from config.instants import SECOND, Instant

TIMEOUT_S: Final = 5.0
PROBE: Final = "doctor"
"""The word of a key that nobody makes: commands on it change nothing and show whether they are allowed."""


class RedisFacts(msgspec.Struct, frozen=True):
    """What a Redis shows; None is what it did not tell."""

    user: str
    version: str | None
    append_only: bool | None
    fsync: str | None
    """`appendfsync`: always, everysec or no."""
    eviction: str | None
    """`maxmemory_policy`."""
    memory_max_bytes: int | None
    memory_used_bytes: int | None
    is_replica: bool | None
    clock_ahead_micros: int | None
    """So far its clock is ahead of ours, give or take the way."""
    refused: tuple[str, ...]
    """The commands among those that the daemon needs that this user may not give."""


async def redis_facts(url: str, access: RedisAccess, instance: str, wall: Instant) -> RedisFacts:
    """What the Redis of this address shows to the daemon's user; nothing in it is changed.

    Raises `machines.ports.streams.StreamsAwayError` where it cannot be reached or refuses the user, and `ValueError`
    for an address that is none.
    """
    client = make_client(url, instance, "doctor", TIMEOUT_S, 0, access=access)
    try:
        async with away_on_error(place_of(url, access), TIMEOUT_S):
            await client.ping()
            info = await _told(client.info())
            settings = await _told(client.config_get("appendfsync"))
            now = await _told(client.time())
            refused = [name for name, asked in _probes(client, key_prefix(instance)) if await _is_refused(asked)]
    finally:
        await client.aclose(close_connection_pool=True)
    facts: dict[str, Any] = info or {}
    return RedisFacts(
        user=place_of(url, access).user,
        version=facts.get("redis_version"),
        append_only=bool(facts["aof_enabled"]) if "aof_enabled" in facts else None,
        fsync=(settings or {}).get("appendfsync"),
        eviction=facts.get("maxmemory_policy"),
        memory_max_bytes=facts.get("maxmemory"),
        memory_used_bytes=facts.get("used_memory"),
        is_replica=facts["role"] != "master" if "role" in facts else None,
        clock_ahead_micros=None if now is None else now[0] * SECOND + now[1] - wall,
        refused=tuple(refused),
    )


def _probes(client: Redis, prefix: str) -> list[tuple[str, Any]]:
    """What the daemon does, each in a form that changes nothing: on a key that is not there."""
    key = prefix + PROBE
    return [
        ("XADD", client.xadd(key, {"probe": "1"}, nomkstream=True)),
        ("XREAD", client.xread({key: "0-0"}, count=1)),
        ("XREVRANGE", client.xrevrange(key, count=1)),
        ("XTRIM", client.xtrim(key, maxlen=0)),
        ("XINFO", client.xinfo_stream(key)),
        ("HGETALL", client.hgetall(key)),
        ("HDEL", client.hdel(key, "probe")),
        ("DEL", client.delete(key)),
        ("EVAL", client.eval("return 1", 0)),
    ]


async def _told(asked: Any) -> Any:
    """The answer; None where this user may not ask."""
    try:
        return await asked
    except NoPermissionError:
        return None


async def _is_refused(asked: Any) -> bool:
    try:
        await asked
    except NoPermissionError:
        return True
    except ResponseError:
        return False  # such as XINFO of no key: the command itself was let through
    return False

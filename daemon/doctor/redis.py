"""Redis: whether it can be reached, keeps what it is given, and lets the daemon do its work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from config.instants import SECOND
from config.redis_sentinel import is_sentinel_address
from config.settings import EMBEDDED, Settings
from daemon.assembly import run_facts
from daemon.assembly.doctor import RedisFacts, redis_facts
from daemon.doctor.findings import Finding, problem, unknown, warning, well
from machines.ports.clock import Clock
from machines.ports.streams import StreamsAwayError

VERSION_MIN: Final = (6, 2)
CLOCK_APART_MAX_S: Final = 5
_REACHED: Final = "see that it runs (`redis-cli -u ADDRESS ping`), then its address, user and password in the settings"
_REACHED_BY_SENTINELS: Final = (
    "see that a sentinel answers and knows it by that name (`redis-cli -h SENTINEL -p 26379 SENTINEL masters`), then "
    "the address, user and password in the settings"
)
MEMORY_SHARE_MAX: Final = 0.9


async def redis(settings: Settings, clock: Clock) -> list[Finding]:
    """What the daemon's Redis shows to the daemon's user."""
    url, instance = settings.redis, settings.instance
    if url == EMBEDDED:
        facts = run_facts(settings.state_dir)
        if facts is None or not facts.redis:
            return [
                unknown("redis", "the embedded Redis runs with the daemon only", "start the daemon, then ask again")
            ]
        url, instance = facts.redis, facts.instance
    try:
        found = await redis_facts(url, settings.redis_access, os.environ, instance, clock.wall())
    except (StreamsAwayError, ValueError) as away:
        return [
            problem(
                "redis",
                str(away),
                _REACHED_BY_SENTINELS if is_sentinel_address(url) else _REACHED,
            )
        ]
    return list(judged(found, embedded=settings.redis == EMBEDDED))


def judged(facts: RedisFacts, *, embedded: bool) -> Iterator[Finding]:
    """What these facts mean for a daemon."""
    yield _version(facts)
    yield from _keeping(facts, embedded=embedded)
    yield from _memory(facts)
    if facts.is_replica:
        yield problem("redis", "it is a replica: the daemon cannot write to it", "name the primary in `redis`")
    if facts.refused:
        yield problem(
            "redis",
            f"its user {facts.user} may not give {', '.join(facts.refused)}",
            "solvent redis-acl prints the rules that the daemon needs; load them with `redis-cli ACL LOAD`",
        )
    else:
        yield well("redis", f"its user {facts.user} may do all that the daemon needs")
    ahead = facts.clock_ahead_micros
    if ahead is not None and abs(ahead) > CLOCK_APART_MAX_S * SECOND:
        yield warning(
            "redis",
            f"its clock is {abs(ahead) / SECOND:.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's",
            "keep both clocks right: the age of a command is told by Redis's clock",
        )


def _version(facts: RedisFacts) -> Finding:
    if facts.version is None:
        return unknown("redis", "it does not tell its version to this user", "allow INFO: solvent redis-acl does")
    numbers = tuple(int(part) for part in facts.version.split(".")[:2] if part.isdigit())
    if numbers < VERSION_MIN:
        return problem("redis", f"version {facts.version} is too old", "install Redis 6.2 or newer, or Valkey")
    return well("redis", f"version {facts.version} answers")


def _keeping(facts: RedisFacts, *, embedded: bool) -> Iterator[Finding]:
    if facts.append_only is None:
        yield unknown("redis", "it does not tell whether it keeps what it is given", "allow INFO to this user")
    elif not facts.append_only and not embedded:
        yield warning(
            "redis",
            "append-only persistence is off: a restart loses the entries that the daemon has not read yet, and budgets",
            "redis-cli CONFIG SET appendonly yes && redis-cli CONFIG REWRITE",
        )
    elif facts.append_only:
        yield well("redis", f"append-only persistence is on{f', fsync {facts.fsync}' if facts.fsync else ''}")
    if facts.fsync == "no":
        yield warning(
            "redis",
            "appendfsync is no: a power cut loses up to half a minute",
            "redis-cli CONFIG SET appendfsync everysec",
        )


def _memory(facts: RedisFacts) -> Iterator[Finding]:
    if facts.eviction not in (None, "noeviction"):
        yield problem(
            "redis",
            f"maxmemory-policy is {facts.eviction}: a full Redis throws our keys away",
            "redis-cli CONFIG SET maxmemory-policy noeviction && redis-cli CONFIG REWRITE",
        )
    most, used = facts.memory_max_bytes, facts.memory_used_bytes
    if most and used and used > MEMORY_SHARE_MAX * most:
        yield warning(
            "redis", f"{used / 1e6:.0f} of {most / 1e6:.0f} MB are used", "raise maxmemory, or find what fills it"
        )

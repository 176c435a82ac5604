"""The one Redis client of an adapter: nothing is sent twice, and every call ends in time and in one of three words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import msgspec
from redis.asyncio import Redis

from adapters.redis_keys.faults import fault_from
from adapters.redis_streams.access import ANONYMOUS, RedisAccess, place_of
from adapters.redis_streams.clients import make_client
from adapters.redis_streams.faults import away_on_error
from adapters.redis_streams.names import key_prefix
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, CallError, Permanent
from machines.ports.mandate import Mandate
from machines.ports.streams import StreamsAwayError

T = TypeVar("T")

TIMEOUT_S: Final = 5.0
"""Of the machine's own time, for each call: Redis answers in milliseconds, or it is not well."""
HEALTH_CHECK_INTERVAL_S: Final = 15
_SCAN_COUNT: Final = 500
_WITHOUT_LUA: Final = "unknown command"


class KeyedKind(msgspec.Struct, frozen=True):
    """What sets one kind's keys apart."""

    name: str
    """The word after the instance's prefix: `budget` makes `solvent:budget:<component>`."""
    plural: str
    """What its keys are, for messages: `budgets`."""


class KeyConnection:
    """The keys of one kind on one Redis. Connects on the first call; every method raises one of the three words."""

    def __init__(self, kind: KeyedKind, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> None:
        """`url` may be "": every call is then refused for good."""
        self._kind = kind
        self._url = url
        self._access = access
        self._instance = instance
        self._clock = clock
        self._place = place_of(url, access)
        self._client: Redis | None = None
        self._prefix = f"{key_prefix(instance)}{kind.name}:"

    def key(self, component: str) -> str:
        """Where the component's hash is."""
        return self._prefix + component

    def component(self, key: str) -> str:
        """The component of a key that `keys` gave."""
        return key.removeprefix(self._prefix)

    async def look(self, component: str, limit_s: float | None = None) -> tuple[int, dict[str, str]]:
        """Redis's own time in milliseconds, and the hash's fields: {} where there is no such key."""

        async def asked(client: Redis) -> tuple[int, dict[str, str]]:
            async with client.pipeline(transaction=True) as pipe:
                pipe.time()
                pipe.hgetall(self.key(component))
                (seconds, micros), fields = await pipe.execute()
            return seconds * 1_000 + micros // 1_000, fields

        return await self._call(f"a look at {component}", asked, limit_s, ("HGETALL", self.key(component)))

    async def evaluate(self, script: str, keys: list[str], arguments: list[str], limit_s: float | None = None) -> Any:
        """The script's reply."""
        return await self._evaluated(script, keys, arguments, limit_s, lambda: None)

    async def change(
        self, mandate: Mandate, script: str, keys: list[str], arguments: list[str], limit_s: float | None = None
    ) -> Any:
        """The reply of a script that changes something; raises what the mandate does."""
        what = f"the change of {' '.join(keys)}"
        return await self._evaluated(script, keys, arguments, limit_s, lambda: mandate.require(what))

    async def _evaluated(
        self,
        script: str,
        keys: list[str],
        arguments: list[str],
        limit_s: float | None,
        allowed: Callable[[], None],
    ) -> Any:
        async def asked(client: Redis) -> Any:
            allowed()
            reply: Any = client.eval(script, len(keys), *keys, *arguments)
            return await reply

        return await self._call(f"a script on {' '.join(keys) or 'no key'}", asked, limit_s, ("EVAL", *keys))

    async def keys(self) -> tuple[str, ...]:
        """The keys of all components, each once; what stands beside them, under a further colon, is left out."""

        async def asked(client: Redis) -> tuple[str, ...]:
            found: set[str] = set()
            async for key in client.scan_iter(match=f"{self._prefix}*", count=_SCAN_COUNT):
                found.add(str(key))
            return tuple(sorted(key for key in found if ":" not in self.component(key)))

        return await self._call(f"the list of {self._kind.plural}", asked, None, ("SCAN",))

    async def setting(self, name: str) -> str | None:
        """The server's own setting; None where it knows none of that name."""

        async def asked(client: Redis) -> str | None:
            answer: Any = await client.config_get(name)
            found: str | None = answer.get(name)
            return found

        return await self._call(f"the setting {name}", asked, None, ("CONFIG GET", name))

    async def close(self) -> None:
        """Let go of the connections; harmless a second time."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose(close_connection_pool=True)

    async def _call(
        self, what: str, asked: Callable[[Redis], Awaitable[T]], limit_s: float | None, words: tuple[str, ...]
    ) -> T:
        """`words` are the command and its keys, for whoever is told that they were refused."""
        client = self._connected()
        if limit_s is None:
            answer = await self._caught(client, asked, words)
        else:
            answer = await self._within(self._caught(client, asked, words), limit_s, what)
        if isinstance(answer, CallError):
            raise answer
        return answer

    def _connected(self) -> Redis:
        if not self._url:
            raise Permanent(
                f"{self._kind.plural} are kept in Redis and the daemon has none: "
                "let --redis or SOLVENT_REDIS name one that the application uses"
            )
        if self._client is None:
            try:
                self._client = make_client(
                    self._url, self._instance, self._kind.name, TIMEOUT_S, HEALTH_CHECK_INTERVAL_S, access=self._access
                )
            except ValueError as error:
                raise Permanent(str(error)) from error
        return self._client

    async def _caught(
        self, client: Redis, asked: Callable[[Redis], Awaitable[T]], words: tuple[str, ...]
    ) -> T | CallError:
        try:
            async with away_on_error(self._place, TIMEOUT_S, *words):
                return await asked(client)
        except StreamsAwayError as away:
            return fault_from(away)
        except CallError as refused:  # as a value: a task group would wrap it
            return refused

    async def _within(self, caught: Coroutine[Any, Any, T | CallError], limit_s: float, what: str) -> T | CallError:
        """The answer, or that none came within so many seconds of the clock."""
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(caught, name=what)
            limit = group.create_task(self._clock.sleep(max(0.0, limit_s)), name=f"time limit of {what}")
            await asyncio.wait((answer, limit), return_when=asyncio.FIRST_COMPLETED)
            in_time = answer.done()
            answer.cancel()
            limit.cancel()
        if not in_time:
            return Ambiguous(f"Redis at {self._place} did not answer {what} before the deadline")
        return answer.result()


def script_sentence(error: CallError, plural: str) -> str:
    """What to do where not even a harmless script ran."""
    if _WITHOUT_LUA in error.reason.lower():
        return (
            f"{plural} are changed by a Lua script and this Redis knows no EVAL: let --redis or SOLVENT_REDIS "
            "name a real Redis 6.2 or later, or install lupa beside the embedded fakeredis"
        )
    return error.reason

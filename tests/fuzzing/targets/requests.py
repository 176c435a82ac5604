"""Requests to the daemon's HTTP endpoints: one answer of HTTP or a closed connection each, and the next is served."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from daemon.kernel import Kernel, RestartPolicy
from daemon.roots.http import Http, HttpLimits
from tests.fuzzing.target import Answer, Target

_POLICY: Final = RestartPolicy(restarts_max=1, restart_window_s=60, backoff_min_s=0.01, backoff_max_s=0.01)
_LIMITS: Final = HttpLimits(beat_s=0.2, keep_alive_s=1, connections_max=1_000)
_ANSWERED_WITHIN_S: Final = 10
_HEALTH: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
_DOCUMENTS: Final = (
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    _HEALTH,
    b"POST /sources/till HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    b"GET /readyz?x=%00&y=../.. HTTP/1.0\r\nAccept: */*\r\nAuthorization: Basic eA==\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n\r\n",
)


class Site:
    """The endpoints, on a loop of their own in a thread of their own: one for all inputs."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="the endpoints", daemon=True).start()
        self.port = self.run(self._start())

    @contextmanager
    def heard(self) -> Iterator[None]:
        """What the server says meanwhile is kept from the log: a warning is its right, an error is a defect of ours."""
        said = logging.getLogger("uvicorn.error")
        said.addFilter(self._note)
        try:
            yield
        finally:
            said.removeFilter(self._note)

    def _note(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            self.troubles.append(f"{record.getMessage()} {record.exc_info}")
        return False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something on the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_ANSWERED_WITHIN_S * 2)

    async def _start(self) -> int:
        self.kernel = Kernel(
            on_event=lambda kind, name, detail: self.troubles.append(f"{kind} {name} {detail}"), jitter=lambda: 1.0
        )
        http = Http(
            host="127.0.0.1", port=0, metrics=lambda: b"solvent_mode 1\n", health=tuple, ready=tuple, limits=_LIMITS
        )
        self.kernel.roots.start("http", http.run, owner="http", policy=_POLICY, essential=False)
        await http.bound.wait()
        return int(http.url.rpartition(":")[2])

    async def ask(self, data: bytes) -> bytes:
        """Send the bytes and no more; everything that comes back until the connection closes."""
        async with asyncio.timeout(_ANSWERED_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(data)
                await writer.drain()
                writer.write_eof()
                return await reader.read()
            except (ConnectionResetError, BrokenPipeError):
                return b""
            finally:
                writer.close()


@cache
def _site() -> Site:
    return Site()


def check(data: bytes) -> Answer:
    """One connection's bytes."""
    site = _site()
    with site.heard():
        answered: bytes = site.run(site.ask(data))
        served: bytes = site.run(site.ask(_HEALTH))
    assert not answered or answered.startswith(b"HTTP/1."), f"no answer of HTTP: {answered[:100]!r}"
    assert b"Traceback" not in answered
    status = answered.split(b" ", 2)[1].decode() if answered else "closed"
    assert status == "closed" or not status.startswith("5"), f"the daemon failed: {answered[:300]!r}"
    assert served.startswith(b"HTTP/1.1 200"), "the next request is not served"
    assert not site.troubles, site.troubles
    return Answer(status)


TARGET: Final = Target("requests", _DOCUMENTS, check, share=8, examples=40, guided=False)

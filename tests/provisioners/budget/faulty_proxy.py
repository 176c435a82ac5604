"""A TCP proxy before a Redis server that refuses, loses or holds up the one request that a test names."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

from tests.contracts.provisioner_harness import Trouble

REPLIES = {
    Trouble.TRANSIENT: b"-LOADING Redis is loading the dataset in memory\r\n",
    Trouble.PERMANENT: b"-NOPERM this user has no permissions to run the command\r\n",
}


class Arranged(msgspec.Struct, frozen=True):
    """The request that holds all of these bytes meets the trouble."""

    words: tuple[bytes, ...]
    trouble: Trouble


class FaultyProxy:
    """Forwards everything but the request arranged, which meets its trouble once."""

    def __init__(self, url: str) -> None:
        """The server's URL; `url` is the proxy's once it is entered."""
        parts = urlsplit(url)
        self._upstream = (str(parts.hostname), int(parts.port or 6379))
        self._tasks: set[asyncio.Task[None]] = set()
        self.arranged: Arranged | None = None
        self.held = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, down_reader: asyncio.StreamReader, down_writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        replying = asyncio.ensure_future(_pipe(up_reader, down_writer))
        try:
            while data := await down_reader.read(1_048_576):
                trouble = self._trouble_of(data)
                if trouble is None:
                    up_writer.write(data)
                elif trouble in REPLIES:
                    # A transaction is refused with its first command; the client reads a reply for each.
                    down_writer.write(REPLIES[trouble] * max(1, data.count(b"\r\nMULTI\r\n") * 4))
                elif trouble is Trouble.LOST_BEFORE:
                    return
                elif trouble is Trouble.LOST_AFTER:
                    replying.cancel()
                    await asyncio.wait([replying])
                    up_writer.write(data)
                    await up_reader.read(65_536)  # the server has carried it out
                    return
                else:
                    self.held.set()
                    await down_reader.read()  # until the client gives up
                    return
        finally:
            replying.cancel()
            up_writer.close()
            down_writer.close()
            with contextlib.suppress(ConnectionError):
                await down_writer.wait_closed()

    def _trouble_of(self, data: bytes) -> Trouble | None:
        arranged = self.arranged
        if arranged is None or not all(word in data for word in arranged.words):
            return None
        self.arranged = None
        return arranged.trouble


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)

"""A TCP proxy before a Redis server that can lose the reply to a command that the server has carried out."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class CuttingProxy:
    """Forwards everything, until `cut_after` bytes pass: then it waits for the server's reply and drops both ends."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._upstream = (str(parts.hostname), int(parts.port or 6379))
        self.cut_after: bytes | None = None
        self.cuts = 0
        self._tasks: set[asyncio.Task[None]] = set()

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
            while data := await down_reader.read(65_536):
                if self.cut_after is not None and self.cut_after in data:
                    replying.cancel()
                    await asyncio.wait([replying])
                    up_writer.write(data)
                    await up_reader.read(65_536)  # the server has carried it out
                    self.cut_after = None
                    self.cuts += 1
                    return
                up_writer.write(data)
        finally:
            replying.cancel()
            up_writer.close()
            down_writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)

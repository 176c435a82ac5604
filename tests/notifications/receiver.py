"""A webhook's receiver: a real HTTP server that answers as it is told and keeps every request."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec


class Request(msgspec.Struct, frozen=True):
    """One request as it arrived."""

    line: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """`answers` gives the answer to the so-many-th request, as raw HTTP; None answers nothing."""

    def __init__(self) -> None:
        """It answers 204."""
        self.requests: list[Request] = []
        self.port = 0
        self.answers: Callable[[int], str | None] = lambda _: "HTTP/1.1 204 No Content\r\n\r\n"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.strip().split("\r\n")
            headers = {name.lower(): text.strip() for name, _, text in (each.partition(":") for each in rest)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append(Request(line, headers, body))
            answer = self.answers(len(self.requests))
            if answer is None:
                await reader.read()  # until the other side gives up
            else:
                writer.write(answer.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def status(code: int, reason: str = "", **headers: str) -> Callable[[int], str]:
    """An answer to every request."""
    lines = [f"HTTP/1.1 {code} {reason}", "content-length: 0"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return lambda _: "\r\n".join(lines) + "\r\n\r\n"


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver for the length of the block, on a free port of 127.0.0.1."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver

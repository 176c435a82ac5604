"""What a client that is being answered sees, and the log says, when the endpoints close."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import Any

import pytest

from daemon.kernel import Kernel, RestartPolicy
from daemon.roots.http_listener import Application, HttpLimits, HttpListener

POLICY = RestartPolicy(restarts_max=1, restart_window_s=60, backoff_min_s=0.01, backoff_max_s=0.01)
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"40000000")],
}
PART = {"type": "http.response.body", "body": b"x" * 8_000_000, "more_body": True}


@pytest.mark.parametrize("begun", [False, True], ids=["before the answer", "amid the answer"])
async def test_a_stop_amid_a_request_is_no_failure(caplog: pytest.LogCaptureFixture, *, begun: bool) -> None:
    """Who is being answered is hung up on, also while it reads nothing; the log names no failure of ours."""
    asked = asyncio.Event()

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        if begun:
            await send(START)
        asked.set()
        while begun:
            await send(PART)
        await asyncio.Event().wait()

    listener = _listener(application)
    kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
    kernel.roots.start("http", listener.run, owner="http", policy=POLICY, essential=False, finishes=True)
    async with asyncio.timeout(10):
        await listener.bound.wait()
        host, _, port = listener.url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asked.wait()
        report = await kernel.stop(ask_s=5, cancel_s=5)
        await _end_of(reader)
        writer.close()

    assert () == report.abandoned
    assert [] == [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.parametrize("rounds", range(8))
async def test_who_comes_in_the_moment_of_the_stop_is_hung_up_on(rounds: int) -> None:
    """The kernel took the connection, the loop has not heard of it yet: it ends all the same, and nothing leaks."""

    async def application(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("nobody asked")

    listener = _listener(application)
    kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
    kernel.roots.start("http", listener.run, owner="http", policy=POLICY, essential=False, finishes=False)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(10):
        await listener.bound.wait()
        host, _, port = listener.url.removeprefix("http://").rpartition(":")
        with socket.create_connection((host, int(port))) as client:
            client.setblocking(False)
            for _ in range(rounds):
                await asyncio.sleep(0)
            await kernel.stop(ask_s=5, cancel_s=5)
            with suppress(ConnectionError):
                assert b"" == await loop.sock_recv(client, 1)


def _listener(application: Application) -> HttpListener:
    return HttpListener(
        host="127.0.0.1",
        port=0,
        application=lambda: application,
        limits=HttpLimits(),
        setting="--http",
        listening=lambda _url: None,
    )


async def _end_of(reader: asyncio.StreamReader) -> None:
    """Wait until the connection is gone, whatever was sent before."""
    try:
        await reader.read()
    except ConnectionError:
        return

"""The HTTP endpoints, asked by a plain client over a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from daemon.kernel import EventKind, Kernel, RestartPolicy, Root
from daemon.roots.http import Http, HttpLimits

POLICY = RestartPolicy(restarts_max=1, restart_window_s=60, backoff_min_s=0.01, backoff_max_s=0.01)
LIMITS = HttpLimits(beat_s=0.05, keep_alive_s=60)


class Site:
    """A kernel with the endpoints as a root; what they answer can be changed."""

    def __init__(self, limits: HttpLimits = LIMITS, host: str = "127.0.0.1", port: int = 0) -> None:
        self.problems: list[str] = []
        self.waits_for: list[str] = []
        self.notes: list[str] = []
        self.told: list[str] = []
        self.troubles: list[str] = []
        self.metrics: Callable[[], bytes] = lambda: b"solvent_mode 1\n"
        self.parked = asyncio.Event()
        self.kernel = Kernel(on_event=self._trouble, jitter=lambda: 1.0)
        self.http = Http(
            host=host,
            port=port,
            metrics=lambda: self.metrics(),  # noqa: PLW0108 - what it is may change
            health=lambda: self.problems,
            ready=lambda: self.waits_for,
            notes=lambda: self.notes,
            limits=limits,
            listening=self.told.append,
        )
        self.root: Root

    def _trouble(self, kind: EventKind, _name: str, detail: str) -> None:
        self.troubles.append(detail)
        if kind is EventKind.PARKED:
            self.parked.set()

    def start(self, *, finishes: bool = False) -> None:
        """Begin to serve."""
        self.root = self.kernel.roots.start(
            "http", self.http.run, owner="http", policy=POLICY, essential=False, finishes=finishes
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where it is served."""
        host, _, port = self.http.url.removeprefix("http://").rpartition(":")
        return host.strip("[]"), int(port)

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send raw bytes on a connection of their own; status, headers and body of the answer."""
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(*self.address)
            writer.write(request)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            writer.close()
        return int(head[0].split()[1]), headers, body

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """The answer to a plain GET."""
        return await self.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


@asynccontextmanager
async def site(limits: HttpLimits = LIMITS, *, finishes: bool = False) -> AsyncIterator[Site]:
    """A site that is up, and gone afterwards."""
    one = Site(limits)
    one.start(finishes=finishes)
    async with asyncio.timeout(10):
        await one.http.bound.wait()
    yield one
    if not one.kernel.is_stopping:
        await one.kernel.stop(ask_s=5, cancel_s=1)


async def test_metrics_are_served_as_they_are_rendered() -> None:
    """Each request renders anew."""
    async with site() as one:
        first = await one.get("/metrics")
        one.metrics = lambda: b"solvent_mode 0\n"
        second = await one.get("/metrics")

    assert (200, "text/plain; version=0.0.4; charset=utf-8", b"solvent_mode 1\n") == (
        first[0],
        first[1]["content-type"],
        first[2],
    )
    assert b"solvent_mode 0\n" == second[2]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_a_check_says_why_not(path: str) -> None:
    """200 without reasons, 503 with all of them as JSON."""
    async with site() as one:
        well = await one.get(path)
        (one.problems if path == "/healthz" else one.waits_for).extend(["the disk is full", "a root hangs"])
        unwell = await one.get(path)

    assert (200, {"ok": True, "reasons": []}) == (well[0], json.loads(well[2]))
    assert (503, {"ok": False, "reasons": ["the disk is full", "a root hangs"]}) == (unwell[0], json.loads(unwell[2]))
    assert "application/json" == unwell[1]["content-type"]


async def test_what_is_no_reason_against_it_stands_beside_it() -> None:
    """A note leaves `/readyz` at 200 and ok; `/healthz` has none."""
    async with site() as one:
        one.notes.append("nothing is published there: a stranger's entry")
        ready, alive = await one.get("/readyz"), await one.get("/healthz")

    noted = {"ok": True, "reasons": [], "notes": ["nothing is published there: a stranger's entry"]}
    assert (200, noted) == (ready[0], json.loads(ready[2]))
    assert {"ok": True, "reasons": []} == json.loads(alive[2])


async def test_other_paths_name_those_that_exist() -> None:
    """A plain 404, not a page."""
    async with site() as one:
        status, headers, body = await one.get("/")

    assert (404, "text/plain; charset=utf-8") == (status, headers["content-type"])
    assert b"/healthz" in body


async def test_nothing_can_be_sent() -> None:
    """The endpoints only answer questions."""
    async with site() as one:
        status, _, _ = await one.ask(b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")

    assert 405 == status


async def test_a_broken_body_is_the_clients_fault_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A chunk that is none is answered with 400 once, and nothing is logged as a failure of ours."""
    request = b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\rHTTP"
    async with site() as one:
        status, _, _ = await one.ask(request)
        healthy, _, _ = await one.get("/healthz")

    assert (400, 200) == (status, healthy)
    assert [] == [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


async def test_a_long_head_is_refused() -> None:
    """More than the limit before the head is whole: 400 and the connection is gone."""
    async with site(msgspec.structs.replace(LIMITS, head_bytes_max=1_000)) as one:
        status, _, _ = await one.ask(b"GET /" + b"x" * 5_000)

    assert 400 == status


async def test_silent_connections_do_not_use_the_places_up() -> None:
    """With every place taken by clients that say nothing, the next asker is refused; soon there is room again."""
    async with site(msgspec.structs.replace(LIMITS, connections_max=4)) as one:
        silent = [await asyncio.open_connection(*one.address) for _ in range(6)]
        silent[0][1].write(b"GET /metr")
        refused, _, _ = await one.get("/healthz")
        async with asyncio.timeout(10):
            ends = [await reader.read() for reader, _ in silent]
        status, _, _ = await one.get("/healthz")
        for _, writer in silent:
            writer.close()

    assert (503, 200) == (refused, status)
    assert [b""] * 6 == ends


async def test_a_failing_page_takes_nobody_down() -> None:
    """A defect in the metrics is a 500; the other endpoints and the root go on."""
    async with site() as one:

        def fail() -> bytes:
            raise ValueError("no such sample")

        one.metrics = fail
        broken, _, _ = await one.get("/metrics")
        status, _, _ = await one.get("/healthz")

    assert (500, 200, []) == (broken, status, one.troubles)


@pytest.mark.parametrize("finishes", [False, True])
async def test_a_stop_closes_the_address_at_once(*, finishes: bool) -> None:
    """Cancelled or asked, with a client connected: nothing is abandoned and the port is free."""
    async with site(finishes=finishes) as one:
        reader, writer = await asyncio.open_connection(*one.address)
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        report = await one.kernel.stop(ask_s=5, cancel_s=5)
        took_s = loop.time() - before_s
        async with asyncio.timeout(10):
            left = await reader.read()
        writer.close()
        with socket.create_server(one.address):
            pass

    assert (b"", ()) == (left, report.abandoned)
    assert took_s < 2


async def test_the_url_is_told_once_it_is_bound() -> None:
    """Port 0 picks a free one, and the caller hears which."""
    async with site() as one:
        pass

    assert [one.http.url] == one.told
    assert 0 != one.address[1]


async def test_a_taken_address_says_what_to_do() -> None:
    """The root fails with the address and the advice; the rest of the daemon is not touched."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        one = Site(port=taken.getsockname()[1])
        one.start()
        async with asyncio.timeout(10):
            await one.parked.wait()
        await one.kernel.stop(ask_s=1, cancel_s=1)

    assert "choose another --http" in one.root.reason


async def test_the_root_beats() -> None:
    """Health sees that the endpoints are alive without a request."""
    async with site() as one:
        first_s = one.root.last_beat_s
        async with asyncio.timeout(10):
            while one.root.last_beat_s == first_s:  # noqa: ASYNC110 - a beat tells nobody
                await asyncio.sleep(0)

        assert [] == one.kernel.roots.silent(5)


async def test_signals_stay_the_daemons() -> None:
    """Uvicorn installs no handler of its own."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with site() as one:
        await one.get("/healthz")
        during = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    assert before == during

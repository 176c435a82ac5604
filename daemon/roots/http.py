"""The HTTP endpoints `/metrics`, `/healthz` and `/readyz`, served by the daemon's own loop as a root task.

Starlette and uvicorn are imported when the root first runs: who only reads a journal does not carry them. uvicorn's own
main loop wakes ten times a second and installs signal handlers; here its server is started and closed by the root.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
import structlog

from daemon.kernel import Root
from daemon.telemetry.health import Check

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from uvicorn import Server

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class HttpLimits(msgspec.Struct, frozen=True):
    """What a client may ask of the daemon."""

    connections_max: int = 64
    """One more is answered with 503."""
    backlog_items_max: int = 64
    head_bytes_max: int = 16_384
    """Request line and headers; a longer head is refused with 400."""
    keep_alive_s: int = 5
    request_timeout_s: float = 10
    """How long a client may take to read its answer."""
    beat_s: float = 5
    """Also how long a connection may stay without a whole request, give or take one beat."""


class Http:
    """The endpoints. `url` resolves once they are bound, also after port 0 has picked one."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        metrics: Callable[[], bytes],
        health: Check,
        ready: Check,
        limits: HttpLimits = HttpLimits(),  # noqa: B008 - frozen
        listening: Callable[[str], None] | None = None,
    ) -> None:
        """`health` and `ready` return the reasons against it, none of them meaning yes. `listening` is told the URL."""
        self.url = ""
        """Where the endpoints are; empty until they are bound."""
        self.bound = asyncio.Event()
        self._host = host
        self._port = port
        self._metrics = metrics
        self._checks = {"/healthz": health, "/readyz": ready}
        self._limits = limits
        self._listening = listening
        self._silent: set[object] = set()

    async def run(self, root: Root) -> None:
        """Serve until the root is told to stop or cancelled; raises `OSError` where the address cannot be bound."""
        with _listener(self._host, self._port) as listener:
            self._port = listener.getsockname()[1]  # a restarted root keeps the port that was picked
            server = self._server()
            await server.startup(sockets=[listener])
            try:
                self._say_bound(listener)
                while not root.stopping.is_set():
                    root.beat()
                    self._drop_silent(server)
                    await _wait(root.stopping, self._limits.beat_s)
            finally:
                _close(server)

    def _server(self) -> Server:
        from uvicorn import Config, Server  # noqa: PLC0415 - heavy, and only here
        from uvicorn.lifespan.off import LifespanOff  # noqa: PLC0415

        limits = self._limits
        config = Config(
            self._application(),
            loop="none",
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=limits.connections_max,
            backlog=limits.backlog_items_max,
            timeout_keep_alive=limits.keep_alive_s,
            h11_max_incomplete_event_size=limits.head_bytes_max,
        )
        config.load()
        server = Server(config)
        server.lifespan = LifespanOff(config)
        return server

    def _application(self) -> Callable[..., Awaitable[None]]:
        from starlette.applications import Starlette  # noqa: PLC0415
        from starlette.responses import PlainTextResponse  # noqa: PLC0415
        from starlette.routing import Route  # noqa: PLC0415

        async def missing(_request: Request, _error: Exception) -> Response:
            return PlainTextResponse("there are /metrics, /healthz and /readyz\n", status_code=404)

        application = Starlette(
            routes=[
                Route("/metrics", self._serve_metrics, methods=["GET"]),
                *(Route(path, self._serve_check, methods=["GET"]) for path in self._checks),
            ],
            exception_handlers={404: missing},
        )

        async def bounded(scope: Any, receive: Any, send: Any) -> None:
            async with asyncio.timeout(self._limits.request_timeout_s):
                await application(scope, receive, send)

        return bounded

    async def _serve_metrics(self, _request: Request) -> Response:
        from starlette.responses import Response  # noqa: PLC0415

        return Response(self._metrics(), headers={"content-type": METRICS_TYPE})

    async def _serve_check(self, request: Request) -> Response:
        from starlette.responses import Response  # noqa: PLC0415

        reasons = tuple(self._checks[request.url.path]())
        body = msgspec.json.encode({"ok": not reasons, "reasons": reasons}) + b"\n"
        return Response(body, status_code=503 if reasons else 200, media_type="application/json")

    def _say_bound(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        structlog.get_logger("http").info("http_listening", url=self.url)
        self.bound.set()
        if self._listening is not None:
            self._listening(self.url)

    def _drop_silent(self, server: Server) -> None:
        """Close what was open at the last beat already and asks for nothing: it would use the connections up."""
        silent: set[object] = {each for each in server.server_state.connections if _asks_nothing(each)}
        for connection in silent & self._silent:
            connection.transport.close()  # type: ignore[attr-defined]
        self._silent = silent - self._silent


def _asks_nothing(connection: Any) -> bool:
    """Whether no request is being answered: a head that never comes whole counts as nothing."""
    cycle = connection.cycle
    return connection.transport is not None and (cycle is None or cycle.response_complete)


def check_address(host: str, port: int) -> None:
    """Raise `OSError` with the address where it cannot be bound now, so that a start is refused and not half done."""
    _listener(host, port).close()


def _listener(host: str, port: int) -> socket.socket:
    """A bound listening socket, IPv6 only where the host is one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise OSError(f"cannot serve HTTP at {host}:{port}: the host is unknown ({error.strerror})") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise OSError(
            error.errno, f"cannot serve HTTP at {host}:{port}: {error.strerror}; choose another --http"
        ) from error
    return listener


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _close(server: Server) -> None:
    """Stop listening and hang up, at once: a scrape can be asked again."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
        connection.transport.close()
    for task in server.server_state.tasks:
        task.cancel("the HTTP endpoints are closing")

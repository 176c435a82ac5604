"""A listening root: HTTP served by the daemon's own loop, bounded in connections, in heads and in time.

uvicorn is imported when the root first runs: who only reads a journal does not carry it. Its own main loop wakes ten
times a second and installs signal handlers; here its server is started and closed by the root.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from daemon.kernel import Root
from daemon.roots.http_closing import closing_protocol, hang_up, take_no_more

if TYPE_CHECKING:
    from uvicorn import Server

Application = Callable[..., Awaitable[None]]
"""An ASGI application."""
RETRY_AFTER_S: Final = 5
"""When one that was refused for too many connections may come again: silent ones are closed by then."""


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


class HttpListener:
    """Serves one application at one address. `url` is where, once it is bound, also after port 0 has picked one."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        application: Callable[[], Application],
        limits: HttpLimits,
        setting: str,
        listening: Callable[[str], None],
    ) -> None:
        """`application` is constructed when the root first runs; `setting` is what a refusal says to change.

        `listening` is told the URL.
        """
        self.url = ""
        self.bound = asyncio.Event()
        self._host = host
        self._port = port
        self._application = application
        self._limits = limits
        self._setting = setting
        self._listening = listening
        self._silent: set[object] = set()
        self._is_closing = False

    async def run(self, root: Root) -> None:
        """Serve until the root is told to stop or cancelled; raises `OSError` where the address cannot be bound."""
        with _listener(self._host, self._port, self._setting) as listener:
            self._port = listener.getsockname()[1]  # a restarted root keeps the port that was picked
            server = self._server()
            self._is_closing = False
            await server.startup(sockets=[listener])
            try:
                self._say_bound(listener)
                while not root.stopping.is_set():
                    root.beat()
                    self._drop_silent(server)
                    await _wait(root.stopping, self._limits.beat_s)
            finally:
                self._is_closing = True
                try:
                    await take_no_more(listener)
                finally:
                    hang_up(server)

    def _server(self) -> Server:
        from uvicorn import Config, Server  # noqa: PLC0415 - heavy, and only here
        from uvicorn.lifespan.off import LifespanOff  # noqa: PLC0415 - only where it serves

        server: Server
        limits = self._limits
        config = Config(
            self._bounded(lambda: len(server.server_state.connections)),
            loop="none",
            http=closing_protocol(lambda: self._is_closing),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=limits.backlog_items_max,
            timeout_keep_alive=limits.keep_alive_s,
            h11_max_incomplete_event_size=limits.head_bytes_max,
        )
        config.load()
        server = Server(config)
        server.lifespan = LifespanOff(config)
        return server

    def _bounded(self, connections: Callable[[], int]) -> Application:
        """The limit that uvicorn has does not say when to come again."""
        from h11 import LocalProtocolError  # noqa: PLC0415 - only where it serves

        application = self._application()

        async def bounded(scope: Any, receive: Any, send: Any) -> None:
            if connections() >= self._limits.connections_max:
                await _refuse_for_now(send)
                return
            try:
                async with asyncio.timeout(self._limits.request_timeout_s):
                    try:
                        await application(scope, receive, send)
                    except LocalProtocolError:
                        await _end(receive)  # the body broke its own form: 400 was said already, and that was the last
            except asyncio.CancelledError:
                if not self._is_closing:
                    raise
                # `hang_up` came before it cancelled: there is nobody to answer, and nothing has failed.

        return bounded

    def _say_bound(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self.bound.set()
        self._listening(self.url)

    def _drop_silent(self, server: Server) -> None:
        """Close what was open at the last beat already and asks for nothing: it would use the connections up."""
        silent: set[object] = {each for each in server.server_state.connections if _asks_nothing(each)}
        for connection in silent & self._silent:
            connection.transport.close()  # type: ignore[attr-defined]  # uvicorn types none
        self._silent = silent - self._silent


async def _end(receive: Any) -> None:
    """The end of a connection that is being closed: who returns before it is said to have answered nothing."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse_for_now(send: Any) -> None:
    """Too many connections: 503, and this one is given up."""
    body = b"too many connections, come again"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(RETRY_AFTER_S).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _asks_nothing(connection: Any) -> bool:
    """Whether no request is being answered: a head that never comes whole counts as nothing."""
    cycle = connection.cycle
    return connection.transport is not None and (cycle is None or cycle.response_complete)


def check_address(host: str, port: int, setting: str = "--http") -> None:
    """Raise `OSError` with the address where it cannot be bound now, so that a start is refused and not half done."""
    _listener(host, port, setting).close()


def _listener(host: str, port: int, setting: str) -> socket.socket:
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
            error.errno, f"cannot serve HTTP at {host}:{port}: {error.strerror}; choose another {setting}"
        ) from error
    return listener


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

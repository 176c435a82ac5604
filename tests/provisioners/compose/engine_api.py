"""An engine's HTTP interface on a socket: as much as the true `docker` asks for two looks."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    containers: list[dict[str, Any]]
    asked: list[str]


class _Requests(BaseHTTPRequestHandler):
    server: _Server

    def handle(self) -> None:
        """A program that needs no more goes without a word."""
        with suppress(ConnectionError):
            super().handle()

    def address_string(self) -> str:
        """A socket's caller has no address."""
        return "socket"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Kept quiet."""

    def do_HEAD(self) -> None:
        """The ping."""
        self._answer(b"")

    def do_GET(self) -> None:
        """A list, or one container."""
        self.server.asked.append(unquote(self.path))
        if found := re.search(r"/containers/(\w+)/json", self.path.partition("?")[0]):
            one = next((each for each in self.server.containers if each["Id"] == found[1]), None)
            if one is None:
                self._answer(json.dumps({"message": f"No such container: {found[1]}"}).encode(), 404)
            else:
                self._answer(json.dumps(one).encode())
        elif "/containers/json" in self.path:
            self._answer(json.dumps([{"Id": each["Id"]} for each in self.server.containers]).encode())
        else:
            self._answer(b"{}")

    def _answer(self, body: bytes, code: int = 200) -> None:
        self.send_response(code)
        for name, value in (("Api-Version", "1.50"), ("Ostype", "linux"), ("Content-Type", "application/json")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)


@contextmanager
def engine(socket: Path, containers: list[dict[str, Any]]) -> Iterator[list[str]]:
    """Serve these containers; gives the paths that were asked for."""
    with _Server(str(socket), _Requests) as server:
        server.containers, server.asked = containers, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="engine")
        thread.start()
        try:
            yield server.asked
        finally:
            server.shutdown()
            thread.join()

"""An HTTP server before an API server, real or in memory, that meets one request with one arranged trouble."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.contracts.provisioner_harness import Trouble

Backend = Callable[[str, str, dict[str, str], str, Any], tuple[int, dict[str, Any]]]


class ApiFront:
    """Serves on a free port of loopback until it is closed."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.hanging = threading.Event()
        self._released = threading.Event()
        self._fault: tuple[re.Pattern[str], Trouble] | None = None
        self._lock = threading.Lock()
        front = self

        class Handler(_Handler):
            owner = front

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="api front")
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def speak_tls(self, certificate: tuple[str, str]) -> None:
        """From now on; the files of a certificate and of its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        listener = self._server.socket
        # A handshake that hangs must hang its own thread alone.
        self._server.socket = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)

    def arrange(self, pattern: str, trouble: Trouble) -> None:
        """The next request whose `METHOD path` matches meets this trouble."""
        self.hanging.clear()
        self._fault = (re.compile(pattern), trouble)

    def trouble_of(self, line: str) -> Trouble | None:
        """The trouble of this request, once."""
        with self._lock:
            if self._fault is None or not self._fault[0].search(line):
                return None
            trouble, self._fault = self._fault[1], None
            return trouble

    def hang(self) -> None:
        """Until the front is closed."""
        self.hanging.set()
        self._released.wait()

    def close(self) -> None:
        """Release what hangs and stop serving."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    owner: ApiFront
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trouble = self.owner.trouble_of(f"{self.command} {parts.path}")
        if trouble is Trouble.TRANSIENT:
            return self._reply(429, {"message": "too many requests, please try again later"})
        if trouble is Trouble.PERMANENT:
            return self._reply(403, {"message": "forbidden: solvent cannot do this"})
        if trouble is Trouble.SLOW:
            self.owner.hang()
        if trouble in (Trouble.SLOW, Trouble.LOST_BEFORE):
            self.close_connection = True
            return None
        body = json.loads(data) if data else None
        content_type = self.headers.get("Content-Type", "")
        status, answer = self.owner.backend(self.command, parts.path, dict(parse_qsl(parts.query)), content_type, body)
        if trouble in (Trouble.LOST_AFTER, Trouble.HALF):
            self.close_connection = True
            return None
        return self._reply(status, answer)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class calls them so

    def _reply(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""

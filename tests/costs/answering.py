"""A real HTTP server that gives arranged answers, one after the other, and keeps what it was asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class Answering:
    """Answers each GET with the next arranged body; a context manager."""

    def __init__(self, *answers: tuple[int, bytes], silent: bool = False) -> None:
        """`silent`: accepts the connection and never answers before the end."""
        self.asked: list[str] = []
        self._answers = list(answers)
        self._silent = silent
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # closing waits for them, so that no socket stays behind
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="answering")

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                if outer._silent:
                    outer._over.wait(30)
                    return
                status, body = outer._answers.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler

"""The emulator behind a real HTTP server, and inside the process for tests that call it thousands of times."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import stripe

from tests.sources.stripe.emulator import Answer, Emulator


class EmulatorServer:
    """Serves an emulator on a free port of this machine; `hold` keeps every answer back until it is set again."""

    def __init__(self, emulator: Emulator) -> None:
        """Nothing is served before it is entered."""
        self.emulator = emulator
        self.released = threading.Event()
        self.released.set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a caller that gave up
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="stripe emulator", daemon=True
        )

    @property
    def url(self) -> str:
        """What goes into `base_url`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.released.wait(60)
                with outer._lock:
                    answer = outer.emulator.answer(self.path, dict(self.headers.items()))
                self._send(answer)

            def _send(self, answer: Answer) -> None:
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut])
                if answer.cut is not None:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                """Nothing: tests print what they need."""

        return Handler


class InProcess(stripe.HTTPClient):
    """The SDK's way to the network, replaced by the emulator itself."""

    name = "in process"

    def __init__(self, emulator: Emulator) -> None:
        """Every call goes to this emulator."""
        super().__init__()
        self._emulator = emulator
        self._lock = threading.Lock()

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        """One call; a cut answer is what the network makes of it."""
        assert (method, post_data) == ("get", None)
        with self._lock:
            answer = self._emulator.answer(url, dict(headers))
        if answer.cut is not None:
            raise stripe.APIConnectionError("the connection broke")
        return answer.body, answer.status, answer.headers

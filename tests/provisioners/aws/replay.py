"""A small AWS that answers from a file: exchanges in their order, for what the emulator lacks."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

from adapters.clocks import AcceleratedClock
from adapters.provisioners.registry import Surroundings, provisioner_for
from config.instants import SECOND
from machines.ports.provisioner import Provisioner, Resource, StepOrder
from tests.contracts.provisioner_harness import ORIGIN, TOKEN
from tests.provisioners.aws.fault_proxy import operation_of

RECORDED = Path(__file__).parent / "recorded"
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class Replay:
    """Answers the recorded requests in the recorded order; any other is answered with an error that names it.

    An exchange is `{"request": operation, "holds": {key: value of the request's body}, "status": 200, "answer": {…}}`;
    of a service that answers in XML, `"xml": [lines]` instead of the answer.
    """

    def __init__(self, name: str) -> None:
        """`name` is that of a file in `recorded/`, without its ending."""
        self.left: list[dict[str, Any]] = json.loads((RECORDED / f"{name}.json").read_text())
        """What was not asked for yet."""
        self.clock = AcceleratedClock(ORIGIN, 1.0)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="replay")

    def surroundings(self) -> Surroundings:
        """Those of a process that takes this for AWS."""
        environment = {**_ENVIRONMENT, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_address[1]}"}
        return Surroundings(Path("/nowhere"), self.clock, random.Random(1).randrange, environment)

    @asynccontextmanager
    async def provisioner(self, kind: str) -> AsyncIterator[Provisioner]:
        """An adapter that takes this for AWS."""
        made = provisioner_for(kind, self.surroundings())
        try:
            yield made
        finally:
            await made.close()

    def order(self, resource: Resource) -> StepOrder:
        """A step to take within ten minutes."""
        return StepOrder(resource, TOKEN, 1, self.clock.wall() + 600 * SECOND)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an answer

            def _serve(self) -> None:
                replay.serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - the names it looks for

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        operation = operation_of(request, body)
        with self._lock:
            recorded = self.left.pop(0) if self.left and _is(self.left[0], operation, body) else None
        if recorded is None:
            recorded = {"status": 400, "answer": {"message": f"{operation} {body.decode()} was not recorded here"}}
        kind = "text/xml" if "xml" in recorded else "application/json"
        content = ("".join(recorded["xml"]) if "xml" in recorded else json.dumps(recorded["answer"])).encode()
        request.send_response(recorded.get("status", 200))
        request.send_header("Content-Type", kind)
        if "error" in recorded:
            request.send_header("x-amzn-ErrorType", recorded["error"])
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


def _is(recorded: dict[str, Any], operation: str, body: bytes) -> bool:
    if recorded["request"] != operation:
        return False
    asked: dict[str, Any] = {}
    if recorded.get("holds"):
        is_json = body.lstrip().startswith(b"{")
        asked = json.loads(body) if is_json else {key: texts[0] for key, texts in parse_qs(body.decode()).items()}
    return all(asked.get(key) == value for key, value in recorded.get("holds", {}).items())

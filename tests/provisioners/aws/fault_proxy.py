"""An HTTP server in front of an emulator of AWS that meets the next call of one operation with one trouble."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import parse_qs

import msgspec

from tests.provisioners.aws.delays import Delays

Loss = Literal["lose_before", "lose_after", "hang", "rival"]
HANG_LIMIT_S = 60
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Refusal(msgspec.Struct, frozen=True):
    """An error as AWS words it, in the protocol of the request."""

    code: str
    status: int = 400
    message: str = "arranged by the test"


class FaultProxy:
    """Passes every call on, save the one whose trouble was arranged; an operation is `CreateRepository`.

    Of a REST service an operation is its method and path, such as `POST /clusters`; CloudFront's ids in it are `ID`,
    and what is asked of a bucket of S3 follows it, such as `PUT /bucket?policy`.
    """

    def __init__(self, upstream_port: int) -> None:
        """`upstream_port` is the emulator's on this machine."""
        self.hanging = threading.Event()
        self.served: Counter[str] = Counter()
        """How many calls of each operation the emulator answered with success."""
        self.delays = Delays()
        self._arranged: dict[str, Loss | Refusal] = {}
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._upstream_port = upstream_port
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fault proxy")

    @property
    def url(self) -> str:
        """Where to send calls."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def next(self, operation: str, trouble: Loss | Refusal) -> None:
        """The next call of it meets this trouble, once.

        `lose_before`: never passed on, the connection is cut; `lose_after`: done, and the answer is cut off;
        `hang`: neither passed on nor answered before `release`; `rival`: somebody else asked the same a moment before.
        """
        self._arranged[operation] = trouble

    def release(self) -> None:
        """Cut off what hangs."""
        self._released.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an answer

            def _serve(self) -> None:
                proxy.serve(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - the names it looks for

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        operation = operation_of(request, body)
        with self._lock:
            trouble = self._arranged.pop(operation, None)
        if isinstance(trouble, Refusal):
            _answer(request, *answer_of(request, body, trouble))
            return
        if trouble == "hang":
            self.hanging.set()
            self._released.wait(HANG_LIMIT_S)
        if trouble in ("hang", "lose_before"):
            request.close_connection = True
            return
        if trouble == "rival":
            self._pass_on(request, body)
        status, headers, content = self._pass_on(request, body)
        with self._lock:
            self.served[operation] += status < 300
        if trouble == "lose_after":
            request.close_connection = True
            return
        _answer(request, status, headers, content)

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """One after the other: the emulator's own checks are not safe in threads, AWS's are."""
        with self._lock:
            upstream = http.client.HTTPConnection("127.0.0.1", self._upstream_port, timeout=HANG_LIMIT_S)
            try:
                kept = {name: value for name, value in request.headers.items() if name.lower() != "connection"}
                upstream.request(request.command, request.path, body, kept)
                answer = upstream.getresponse()
                headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
                return self.delays.rewritten(operation_of(request, body), (answer.status, headers, answer.read()))
            finally:
                upstream.close()


def operation_of(request: BaseHTTPRequestHandler, body: bytes) -> str:
    """What is asked, in the words of the service's protocol."""
    target = request.headers.get("X-Amz-Target", "")
    if target:
        return target.rpartition(".")[2]
    smithy = re.fullmatch(r"/service/[^/]+/operation/(\w+)", request.path)
    if smithy:
        return smithy[1]
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode()).get("Action")
        if action:
            return action[0]
    path, _, query = request.path.partition("?")
    path = re.sub(r"(/2020-05-31/[a-z-]+)/[A-Z0-9]{10,}", r"\1/ID", path)
    part = re.match(r"[A-Za-z]+(?=&|$)", query) if _is_s3(request) else None
    return f"{request.command} {path}" + (f"?{part[0]}" if part else "")


def answer_of(request: BaseHTTPRequestHandler, body: bytes, refusal: Refusal) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a refusal, in the protocol of the request."""
    error = f"<Code>{refusal.code}</Code><Message>{refusal.message}</Message>"
    if _is_s3(request):
        text = f"<Error>{error}<RequestId>arranged</RequestId></Error>"
        return refusal.status, {"Content-Type": "application/xml"}, text.encode()
    if b"Action=" in body or "/2020-05-31/" in request.path:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>arranged</RequestId></ErrorResponse>"
        )
        return refusal.status, {"Content-Type": "text/xml"}, text.encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": refusal.code}
    return refusal.status, headers, json.dumps({"__type": refusal.code, "message": refusal.message}).encode()


def _is_s3(request: BaseHTTPRequestHandler) -> bool:
    return "/s3/aws4_request" in request.headers.get("Authorization", "")


def _answer(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)

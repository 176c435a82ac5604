"""What the emulator of EC2 lacks: a client token under which a launch happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

import msgspec

from tests.provisioners.aws.delays import Answer
from tests.provisioners.aws.fault_proxy import FaultProxy, operation_of


class _Launch(msgspec.Struct):
    asked: dict[str, list[str]]
    answer: Answer
    instance: str


class LaunchProxy(FaultProxy):
    """Answers a launch under a known client token as EC2 documents it: the same, a mismatch, or terminated."""

    ended: Callable[[str], bool]
    """Whether the instance of an id is terminated; the place says it."""

    def __init__(self, upstream_port: int) -> None:
        """`upstream_port` is the emulator's."""
        super().__init__(upstream_port)
        self.launched = 0
        """How many instances were really made."""
        self._launches: dict[str, _Launch] = {}
        self._launching = threading.Lock()

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        if operation_of(request, body) != "RunInstances":
            return super()._pass_on(request, body)
        asked = parse_qs(body.decode())
        (token,) = asked["ClientToken"]
        with self._launching:
            known = self._launches.get(token)
            if known is not None and asked != known.asked:
                return _refused("IdempotentParameterMismatch")
            if known is not None:
                return _refused("IdempotentInstanceTerminated") if self.ended(known.instance) else known.answer
            answer = super()._pass_on(request, body)
            if answer[0] < 300:
                self.launched += 1
                instance = answer[2].decode().partition("<instanceId>")[2].partition("<")[0]
                self._launches[token] = _Launch(asked, answer, instance)
            return answer


def _refused(code: str) -> Answer:
    error = f"<Errors><Error><Code>{code}</Code><Message>the client token is used up</Message></Error></Errors>"
    return 400, {"Content-Type": "text/xml"}, f"<Response>{error}<RequestID>arranged</RequestID></Response>".encode()

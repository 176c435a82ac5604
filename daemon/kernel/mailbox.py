"""The mailbox: made when the first message arrives, gone when the last one is handled."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from daemon.kernel.errors import ActorRefused

Reply = asyncio.Future[object]
"""Where the answer of an `ask` goes; done before the answer when the asker has given up."""

Envelope = tuple[msgspec.Struct, Reply | None]
"""A message and, for an `ask`, where its answer goes."""


class StopNotice(msgspec.Struct, frozen=True):
    """Stands in a mailbox, behind what waited when a stop began, for the call of `Actor.stopping`."""


class Mailbox(deque[Envelope]):
    """Waiting messages, oldest first. The kernel checks the bound before it adds one, so that it can refuse aloud."""

    __slots__ = ()

    def refuse_all(self, refusal: Callable[[], ActorRefused]) -> int:
        """Drops every message, tells each asker why, and returns how many there were."""
        dropped = len(self)
        while self:
            _, reply = self.popleft()
            answer_failure(reply, refusal())
        return dropped


def answer_failure(reply: Reply | None, failure: Exception) -> None:
    """Raises `failure` in the asker, if there is one and it still waits."""
    if reply is not None and not reply.done():
        reply.set_exception(failure)


def answer_failures(replies: Iterable[Reply], failure: Callable[[], Exception]) -> None:
    """Raises a `failure` of its own in each asker that still waits."""
    for reply in replies:
        answer_failure(reply, failure())

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


class Neighbours:
    """The messages next to each other at the head of a mailbox that an actor handles at once, and those it has taken.

    Look and take before anything is awaited: afterwards they may be refused, as when the actor is parked.
    """

    __slots__ = ("_kinds", "_left", "_mailbox", "_taken_one", "askers", "replies")

    def __init__(
        self, mailbox: Mailbox, kinds: frozenset[type[msgspec.Struct]], left: int, taken_one: Callable[[], None]
    ) -> None:
        """`left` is how many may be taken; `taken_one` hears of each, for there is room in the mailbox then."""
        self._mailbox = mailbox
        self._kinds = kinds
        self._left = left
        self._taken_one = taken_one
        self.replies: list[Reply | None] = []
        """Where the answer of each that was taken goes."""
        self.askers: list[Reply] = []
        """Who waits for one of them."""

    def peek(self) -> msgspec.Struct | None:
        """The next one; None where nothing waits, another kind does, or enough were taken for one turn.

        What nobody waits for any more is dropped: its asker counts the outcome as unknown.
        """
        while self._left > 0 and self._mailbox and type(self._mailbox[0][0]) in self._kinds:
            message, asker = self._mailbox[0]
            if asker is None or not asker.done():
                return message
            self._mailbox.popleft()
            self._taken_one()
        return None

    def take(self) -> None:
        """Take what `peek` showed: it is handled, and answered, with those before it."""
        _, asker = self._mailbox.popleft()
        self._left -= 1
        self.replies.append(asker)
        if asker is not None:
            self.askers.append(asker)
        self._taken_one()


def answer_failure(reply: Reply | None, failure: Exception) -> None:
    """Raises `failure` in the asker, if there is one and it still waits."""
    if reply is not None and not reply.done():
        reply.set_exception(failure)


def answer_failures(replies: Iterable[Reply], failure: Callable[[], Exception]) -> None:
    """Raises a `failure` of its own in each asker that still waits."""
    for reply in replies:
        answer_failure(reply, failure())

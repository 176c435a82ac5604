"""A channel that answers as a test says, and remembers every attempt that reached it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from machines.ports.channels import Message


class Attempt(msgspec.Struct, frozen=True):
    """One message that arrived."""

    at_s: float
    message: Message
    taken: bool


class ScriptedChannel:
    """`answer` is asked at each attempt: it returns where the message is taken, and raises where it is not."""

    def __init__(self, name: str, answer: Callable[[Message], None]) -> None:
        """Its installation sets `now_s`, by which it dates attempts."""
        self.name = name
        self.attempts: list[Attempt] = []
        self.closed = False
        self.now_s: Callable[[], float]
        self._answer = answer

    async def deliver(self, message: Message) -> None:
        """As the script says."""
        taken = False
        try:
            self._answer(message)
            taken = True
        finally:
            self.attempts.append(Attempt(self.now_s(), message, taken))

    async def close(self) -> None:
        """Remembered."""
        self.closed = True

    @property
    def taken(self) -> list[str]:
        """The ids that were taken, in order."""
        return [each.message.id for each in self.attempts if each.taken]

    @property
    def titles(self) -> list[str]:
        """The titles that were taken, in order."""
        return [each.message.title for each in self.attempts if each.taken]


def takes(_: Message) -> None:
    """A receiver that is well."""

"""What every actor that writes to the journal has in common: a full disk is an answer, not a defect."""

from __future__ import annotations

from abc import abstractmethod

import msgspec

from daemon.kernel import Actor
from machines.ports.journal import JournalRefusedError


class NotRecorded(msgspec.Struct, frozen=True):
    """The answer of an actor whose journal takes nothing now: nothing was done, the same message may come again."""

    reason: str


class RecordingActor(Actor):
    """An actor that acts only after its events are durable.

    When the journal refuses, nothing was done and the state is as before: the actor answers `NotRecorded` instead of
    failing, so that a full disk parks nobody and needs no restart.
    """

    __slots__ = ()

    async def receive(self, message: msgspec.Struct) -> object | None:
        """Handle the message, or say that the journal takes nothing."""
        try:
            return await self.handle(message)
        except JournalRefusedError as refused:
            return NotRecorded(str(refused))

    @abstractmethod
    async def handle(self, message: msgspec.Struct) -> object | None:
        """Handle one message; may raise `JournalRefusedError`."""

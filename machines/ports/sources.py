"""The ports to where payments come from: what is asked, and what comes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from config.instants import Instant
from machines.ports.streams import Entry

__all__ = [
    "Entry",
    "PaymentReceiver",
    "PaymentSource",
    "PostRefusedError",
    "Received",
    "ReceiverUnableError",
    "SourceRead",
]


class SourceRead(msgspec.Struct, frozen=True):
    """What one read of a source gave, whole: a part of a page is no page."""

    entries: tuple[Entry, ...]
    """The payments, with the fields of the stream `payments`. An id says where in the source each stands."""
    position: str
    """Where the next read goes on; kept in the transaction that counts the entries. At most 4,096 characters."""
    through: Instant | None = None
    """The source vouches that it has given every payment before this; None where it cannot say."""
    more: bool = False
    """There is more to be read at once."""
    is_news: bool = True
    """The answer is a sign of life; False where whoever is behind it has not been seen to do anything, as of a folder
    with no newer file. It is one even so where it brings a payment that was not known."""


class PaymentSource(Protocol):
    """A source that is asked. Held to `tests/contracts/source.py`."""

    name: str

    async def read(self, position: str) -> SourceRead:
        """What follows the position ("" is the beginning), whole.

        Raises `machines.ports.faults.CallError` for everything that is not a whole and plausible answer: a refusal, a
        page that breaks off, an answer that lacks what the source gave before. Such a read is unknown, never empty.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; harmless a second time."""
        ...


class PostRefusedError(Exception):
    """What was posted is not taken. `status` is the HTTP status; the message says why and holds nothing secret."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReceiverUnableError(Exception):
    """The receiver can judge no post now, as where its secret cannot be read. The message is for the operator alone."""


class Received(msgspec.Struct, frozen=True):
    """What a post brought."""

    entries: tuple[Entry, ...] = ()
    through: Instant | None = None
    """The sender vouches that it has sent every payment before this."""
    asks_for_read: bool = False
    """The source has news that a read brings; ask it now."""


class PaymentReceiver(Protocol):
    """A source that posts. Checks the signature before it looks at anything else."""

    name: str

    def receive(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Received:
        """What the post says; header names are in lower case. Raises `PostRefusedError` and `ReceiverUnableError`."""
        ...

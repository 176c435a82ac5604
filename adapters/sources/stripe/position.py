"""Where reading Stripe stands, as the short text that the journal keeps."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from config.unreadable import UNREADABLE
from machines.ports.faults import Permanent

Kind = Literal["charge", "refund", "dispute", "event"]
LAYOUT: Final = 1


class Known(msgspec.Struct, frozen=True, array_like=True):
    """An object that Stripe gave and must be able to give again."""

    id: str
    created: int


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far the lists were read. All times are seconds since 1970, as Stripe's own are."""

    layout: Literal[1] = 1
    live: bool
    """Whether it is live money; a key of the other mode sees another world."""
    start: int
    """What is dated before is none of ours."""
    reached: int
    """Everything made before was listed."""
    changed: int
    """From here on the events must still tell what changed."""
    charge: Known | None = None
    refund: Known | None = None
    dispute: Known | None = None
    event: Known | None = None

    def newest(self, kind: Kind) -> Known | None:
        """The newest object of the kind that was ever given."""
        return {"charge": self.charge, "refund": self.refund, "dispute": self.dispute, "event": self.event}[kind]


def position_text(position: Position) -> str:
    """The position as it is kept."""
    return msgspec.json.encode(position).decode()


def position_from_text(text: str) -> Position:
    """The position that was kept; raises `Permanent` for anything else."""
    try:
        return msgspec.json.decode(text, type=Position)
    except UNREADABLE:
        raise Permanent(
            "the journal's position in Stripe cannot be read: it was written by another version or for another kind of "
            "source; give the source another name, and it begins anew (what was counted is not counted again)"
        ) from None


def later(first: Known | None, second: Known | None) -> Known | None:
    """The newer one of the two."""
    if first is None or second is None:
        return first or second
    return max(first, second, key=lambda known: (known.created, known.id))

"""A finding: an invariant that did not hold, said in a sentence."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One violation."""

    invariant: str
    """`I1` to `I12`, as ARCHITECTURE 13 names them."""
    text: str
    sequence: int | None = None
    """The event that shows it; None where no single event does."""

    def __str__(self) -> str:
        where = "" if self.sequence is None else f" at event {self.sequence}"
        return f"{self.invariant}{where}: {self.text}"

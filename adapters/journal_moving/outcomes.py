"""What came of a move."""

from __future__ import annotations

import msgspec


class NotMovedError(Exception):
    """The journal is where it was; the message says why, and what to do."""


class Moved(msgspec.Struct, frozen=True):
    """A journal that is where it was wished."""

    source: str
    target: str
    journal_id: str
    epoch: int
    last_sequence: int
    kept: str
    """The name that what was left has now; "" where an earlier move had given it one."""
    finished: bool = False
    """Whether an earlier move was only finished."""

"""How far a table was read, when rows may become visible late: pages, passes, and what a pass vouches for.

A transaction may take its id first and commit last, so the newest row that was seen is no place to go on from. Reads
begin at an *anchor*, behind which nothing can appear any more. What a pass saw last is a *candidate*: once `settle_s`
have gone by, a pass from the anchor reads everything up to it again, and the candidate becomes the anchor. Passes
between begin at the candidate: they are quick, and vouch for nothing.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.instants import SECOND, Instant
from config.unreadable import UNREADABLE
from machines.ports.faults import Permanent

CURSOR_CHARACTERS_MAX: Final = 256


class Place(msgspec.Struct, frozen=True, array_like=True):
    """One row: its cursor as it is bound again, and a digest of its payment id, by which it is recognised."""

    kind: str
    """`i` a whole number, `t` a text, `d` a time that the driver gave as one."""
    cursor: str
    row: str


class Walk(msgspec.Struct, frozen=True, omit_defaults=True):
    """The position of a table."""

    anchor: Place | None = None
    """None is the beginning."""
    candidate: Place | None = None
    seen_at: Instant = 0
    """When the pass began that saw the candidate."""
    page: Place | None = None
    """Where a pass stands that has not come to its end."""
    settling: bool = True
    """Whether that pass began at the anchor."""
    began_at: Instant = 0

    @property
    def start(self) -> Place | None:
        """The row that the next page begins with, or None at the beginning."""
        return self.page or (self.anchor if self.settling else self.candidate)


def walk_from(position: str) -> Walk:
    """The walk that a position says; raises `Permanent` for a text that is none."""
    if not position:
        return Walk()
    try:
        return msgspec.json.decode(position, type=Walk)
    except UNREADABLE:
        raise Permanent(
            "the position in the journal is none of this source: was its kind changed under its name?"
        ) from None


def text_of(walk: Walk) -> str:
    """The walk as it is kept."""
    return "" if walk == Walk() else msgspec.json.encode(walk).decode()


def begun(walk: Walk, now: Instant, settle_s: int) -> Walk:
    """The walk as the next page begins: the same pass, or another one."""
    if walk.page is not None:
        return walk
    settling = walk.candidate is None or now - walk.seen_at >= settle_s * SECOND
    return msgspec.structs.replace(walk, settling=settling, began_at=now)


def continued(walk: Walk, last: Place) -> Walk:
    """The walk after a full page."""
    return msgspec.structs.replace(walk, page=last)


def ended(walk: Walk, last: Place | None) -> Walk:
    """The walk after the last page of a pass; `last` is None where nothing was ever read."""
    if last is None:
        return Walk()
    if not walk.settling:
        # The candidate stays: another one would have to be waited for anew, and nothing would ever settle.
        return msgspec.structs.replace(walk, page=None, settling=True, began_at=0)
    return Walk(anchor=walk.candidate, candidate=last, seen_at=walk.began_at)


def place_of(value: Any, row: str) -> Place:
    """The place of a row; raises `Permanent` for a cursor that cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool):
        kind, text = "i", str(value)
    elif isinstance(value, str):
        kind, text = "t", value
    elif hasattr(value, "isoformat"):
        kind, text = "d", value.isoformat()
    else:
        raise Permanent(
            f"the cursor column holds {type(value).__name__}: expected a whole number or a time in each row"
        )
    if len(text) > CURSOR_CHARACTERS_MAX:
        raise Permanent(f"the cursor column holds a text of {len(text)} characters: expected a time")
    return Place(kind, text, row)

"""Positions in incoming streams, and how far a stream had been read before it was begun again."""

from __future__ import annotations

from machines.entry_ids import START, entry_order
from machines.events import CursorMoved


def move_cursor(cursors: dict[str, str], read_before: dict[str, str], event: CursorMoved) -> None:
    """Move a position. A step back to the start remembers the highest position before it, through any number of them.

    What a stream holds above that was never read; what it holds below may have been, under whichever process.
    """
    before = cursors.get(event.stream, START)
    if event.cursor == START and entry_order(before) > entry_order(read_before.get(event.stream, START)):
        read_before[event.stream] = before
    cursors[event.stream] = event.cursor

"""Which entries of a read are still to be taken: a message may come again after a part of it was recorded."""

from __future__ import annotations

from collections.abc import Sequence

from machines.ports.streams import Entry


def unread(entries: Sequence[Entry], cursor: str) -> list[Entry]:
    """The entries after the position.

    The intake hands the same entries over again when the journal refused some of them, or when an answer came too
    late: what was recorded meanwhile has moved the position, and is done.
    """
    position = _order(cursor)
    return [entry for entry in entries if _order(entry.id) > position]


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)

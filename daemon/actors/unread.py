"""Which entries of a read are still to be taken: a message may come again after a part of it was recorded."""

from __future__ import annotations

from collections.abc import Sequence

from machines.entry_ids import entry_order
from machines.ports.streams import Entry


def unread(entries: Sequence[Entry], cursor: str) -> list[Entry]:
    """The entries after the position.

    The intake hands the same entries over again when the journal refused some of them, or when an answer came too
    late: what was recorded meanwhile has moved the position, and is done.
    """
    position = entry_order(cursor)
    return [entry for entry in entries if entry_order(entry.id) > position]

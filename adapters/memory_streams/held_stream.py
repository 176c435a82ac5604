"""A stream as a server in memory holds it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

from adapters.redis_streams.ids import id_order
from machines.ports.streams import START, Entry


class HeldStream:
    """Entries in the order of their ids, and the highest id ever held."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.last_generated_id = START

    def append(self, entry: Entry) -> None:
        """Take an entry whose id is above every id before."""
        self.entries.append(entry)
        self.last_generated_id = entry.id

    def after(self, cursor: str) -> int:
        """The index of the first entry above the cursor."""
        return bisect_right(self.entries, _known_order(cursor), key=entry_order)

    def at_or_after(self, cursor: str) -> int:
        """The index of the first entry that is not below the cursor."""
        return bisect_left(self.entries, _known_order(cursor), key=entry_order)


def entry_order(entry: Entry) -> tuple[int, int]:
    """What entries are ordered by."""
    return _known_order(entry.id)


_known_order = lru_cache(maxsize=65_536)(id_order)
"""Every search asks for the order of a dozen entries, mostly of the same ones."""

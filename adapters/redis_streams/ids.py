"""The order of stream entry ids."""

from __future__ import annotations

from collections.abc import Sequence

from machines.ports.streams import Outgoing


def id_order(entry_id: str) -> tuple[int, int]:
    """What ids are compared by: milliseconds, then sequence (0 where left out). Raises `ValueError` for other text."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def require_rising(entries: Sequence[Outgoing]) -> None:
    """Raise `ValueError` unless the ids rise strictly: a stream takes them in no other order."""
    before = (0, 0)
    for entry in entries:
        if (present := id_order(entry.id)) <= before:
            raise ValueError(f"expected rising entry ids, found {entry.id} after {before[0]}-{before[1]}")
        before = present

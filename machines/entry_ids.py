"""The ids of stream entries: `<milliseconds>-<sequence>`."""

from __future__ import annotations

from typing import Final

START: Final = "0-0"
"""The position before the first entry."""


def entry_order(entry_id: str) -> tuple[int, int]:
    """What ids are compared by; text that is none comes before all of them."""
    milliseconds, _, sequence = entry_id.partition("-")
    if not milliseconds.isdecimal() or not (sequence or "0").isdecimal():
        return 0, 0
    return int(milliseconds), int(sequence or 0)

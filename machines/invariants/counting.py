"""I5 and I7: every payment counts once, and every command is answered once."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from typing import Final

from machines.events import CommandAnswered, PaymentsRecorded, Recorded
from machines.invariants.finding import Finding

_COUNTING: Final[frozenset[type]] = frozenset({PaymentsRecorded, CommandAnswered})
RECENT_ITEMS_MAX = 65_536
"""How many ids are held in a set before they join the sorted array."""


class SeenIds:
    """Which ids were seen, eight bytes each: the ids' 64-bit hashes in one sorted array, the newest in a set.

    Among a hundred million ids two share a hash with a chance of about 1 in 4,000; that would be a false alarm.
    """

    def __init__(self, recent_items_max: int = RECENT_ITEMS_MAX) -> None:
        self._recent_items_max = recent_items_max
        self._sorted = array("Q")
        self._recent: set[int] = set()

    def __len__(self) -> int:
        return len(self._sorted) + len(self._recent)

    def add(self, text: str) -> bool:
        """Remember an id; False when it was seen before."""
        number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        at = bisect_left(self._sorted, number)
        if number in self._recent or (at < len(self._sorted) and self._sorted[at] == number):
            return False
        self._recent.add(number)
        if len(self._recent) > self._recent_items_max:
            self._sorted = array("Q", sorted([*self._sorted, *self._recent]))
            self._recent = set()
        return True


class Counting:
    """Watches payments and answers."""

    def __init__(self) -> None:
        self.payments = SeenIds()
        self.answered = SeenIds()

    def check(self, recorded: Recorded) -> list[Finding]:
        """Payments counted again, and commands answered again."""
        event, sequence = recorded.event, recorded.sequence
        if type(event) not in _COUNTING:  # nearly every event: one look is less than two
            return []
        if isinstance(event, PaymentsRecorded):
            return [
                Finding("I5", f"payment {each.payment_id} is counted a second time", sequence)
                for each in event.counted
                if not self.payments.add(each.payment_id)
            ]
        if isinstance(event, CommandAnswered) and not self.answered.add(f"{event.stream}\x00{event.entry_id}"):
            return [Finding("I7", f"command {event.entry_id} of {event.stream} is answered a second time", sequence)]
        return []

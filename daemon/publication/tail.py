"""The events that wait for publication: the newest in memory, the rest in the journal."""

from __future__ import annotations

from collections import deque
from itertools import islice

from machines.events import Recorded
from machines.ports.journal import Journal


class Tail:
    """The newest events, at most `events_max` of them and without gaps; older ones are read from the journal."""

    def __init__(self, journal: Journal, events_max: int) -> None:
        self._journal = journal
        self._events: deque[Recorded] = deque(maxlen=events_max)

    def add(self, recorded: Recorded) -> None:
        """Remember the newest event; the oldest one leaves where there is no room."""
        self._events.append(recorded)

    async def after(self, sequence: int, events_max: int) -> list[Recorded]:
        """The events after a sequence number, in order; what lies before it is forgotten."""
        held = self._events
        while held and held[0].sequence <= sequence:
            held.popleft()
        if held and held[0].sequence == sequence + 1:
            return list(islice(held, events_max))
        if sequence >= self._journal.last_sequence:
            return []
        return [recorded async for recorded in self._journal.read(after=sequence, limit=events_max)]

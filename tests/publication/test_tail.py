"""What waits for publication is bounded in memory: the newest events are held, older ones are read from the journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.publication.tail import Tail
from machines.events import Recorded
from machines.ports.journal import Proposal
from tests.publication.publishing import BEGAN, freeze

HELD = 4


class ReadJournal(MemoryJournal):
    """Notes what is read of it."""

    reads: int = 0

    def read(self, *given: Any, **named: Any) -> AsyncIterator[Recorded]:
        """As in memory, counted."""
        self.reads += 1
        return super().read(*given, **named)


async def filled(count: int) -> tuple[ReadJournal, Tail]:
    """A journal of so many events, each of which the tail heard of."""
    journal = ReadJournal(MemoryStore(), LoopClock(BEGAN))
    tail = Tail(journal, HELD)
    for number in range(count):
        for recorded in await journal.append([Proposal(freeze(str(number)), "tester", BEGAN, None)]):
            tail.add(recorded)
    return journal, tail


async def test_what_is_older_than_the_tail_holds_is_read_from_the_journal() -> None:
    """However much waits, the newest alone is in memory: all the others come from the disk, and none is missing."""
    journal, tail = await filled(10)

    found = [each.sequence for each in await tail.after(0, 100)]

    assert (list(range(1, 11)), 1) == (found, journal.reads)


async def test_what_the_tail_holds_is_read_from_nowhere() -> None:
    """The last four of ten are still in memory."""
    journal, tail = await filled(10)

    found = [each.sequence for each in await tail.after(10 - HELD, 100)]

    assert ([7, 8, 9, 10], 0) == (found, journal.reads)

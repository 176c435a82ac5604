"""Which commands were answered already, found in the journal."""

from __future__ import annotations

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.instants import HOUR, SECOND
from daemon.actors.answered import CHUNK_EVENTS, answered_of
from machines.events import CommandAnswered, Event, FreezeChanged
from machines.ports.journal import Proposal
from machines.ports.streams import Entry
from tests.simulation.virtual_loop import run

NOW = 1_767_225_600 * SECOND


def answered_at(entry_id: str) -> Event:
    """An answer on the single operator's stream."""
    return CommandAnswered("commands", entry_id, "pause", "done", "paused", "operator")


async def found(ahead: int) -> frozenset[str]:
    """What is found of two answers, of which one concerns an older entry, with a clock of Redis that is ahead."""
    journal = MemoryJournal(MemoryStore(), LoopClock(NOW))
    older, asked = (f"{(NOW + ahead) // 1_000}-{number}" for number in (0, 1))
    noise = [FreezeChanged(f"key{number}", frozen=True) for number in range(3 * CHUNK_EVENTS)]
    for each in (answered_at(older), answered_at(asked), *noise):
        await journal.append([Proposal(each, "a test", NOW)])
    return await answered_of(journal, "commands", [Entry(asked, {})]) & {asked}


def test_an_answer_is_found_however_far_the_clock_of_redis_is_ahead() -> None:
    """Behind thousands of events: where times say nothing, the search goes on to an answer of that stream."""
    for ahead in (0, 2 * HOUR, 20_000 * HOUR):
        assert 1 == len(run(lambda: found(ahead), 1)), ahead  # noqa: B023

"""Which commands were answered already: after a fail-over, or a loss of the disk's last second, they are read again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.instants import SECOND, Instant
from machines.entry_ids import entry_order
from machines.events import CommandAnswered
from machines.ports.journal import Journal
from machines.ports.streams import Entry

CLOCKS_APART_MAX_S: Final = 3_600
"""How far Redis, which stamps the commands, and this machine, which stamps the journal, may be apart."""
EVENTS_MAX: Final = 1_000_000
"""How far the journal is searched back, whatever the entries' ids say: an hour of more than 200 events a second."""
CHUNK_EVENTS: Final = 1_000
_MICROSECONDS_PER_MILLISECOND: Final = 1_000


async def answered_of(journal: Journal, stream: str, entries: Sequence[Entry]) -> frozenset[str]:
    """The ids of all commands of the stream that were answered since the oldest of these entries (at least one).

    Where Redis's clock is further ahead, time says too little: then an answer to an older one ends the search.
    """
    first = entry_order(entries[0].id)
    sent_ms = int(entries[0].id.partition("-")[0])
    since: Instant = sent_ms * _MICROSECONDS_PER_MILLISECOND - CLOCKS_APART_MAX_S * SECOND
    found: set[str] = set()
    found_older = False
    before = journal.last_sequence
    last_looked_at = max(0, before - EVENTS_MAX)
    while before > last_looked_at:
        after, oldest = max(last_looked_at, before - CHUNK_EVENTS), None
        async for recorded in journal.read(after=after, limit=before - after):
            oldest = recorded.recorded_at if oldest is None else oldest
            if isinstance(recorded.event, CommandAnswered) and recorded.event.stream == stream:
                found.add(recorded.event.entry_id)
                found_older = found_older or entry_order(recorded.event.entry_id) <= first
        if oldest is None or (found_older and oldest < since):
            break
        before = after
    return frozenset(found)

"""Finding events in the journal: filters, the newest few, and the story that cause links tell."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from config.instants import Instant
from machines import events
from machines.events import Recorded
from machines.ports.journal import Journal

CHUNK_EVENTS = 1_000
CAUSES_MAX = 1_000
"""How far a story is followed back."""
OF_LEVELS = (
    events.LevelDecided,
    events.MonthClosed,
    events.ApprovalAsked,
    events.ApprovalGiven,
    events.ApprovalEnded,
    events.PlanAdopted,
    events.LevelHeld,
    events.LevelHoldEnded,
    events.Attested,
    events.AttestationEnded,
    events.ThresholdSet,
    events.ThresholdEnded,
)


class Filter(msgspec.Struct, frozen=True):
    """What is asked for; every condition that is given must hold. Times are those of recording, half open."""

    component: str | None = None
    levels: bool = False
    """Only what moved levels: closes, decisions, approvals, plans, and what operators held beside them."""
    actor: str | None = None
    types: frozenset[str] = frozenset()
    since: Instant | None = None
    until: Instant | None = None

    def takes(self, recorded: Recorded) -> bool:
        """Whether the event is one of those asked for."""
        event = recorded.event
        return (
            (self.component is None or concerns(event, self.component))
            and (not self.levels or isinstance(event, OF_LEVELS))
            and (self.actor is None or recorded.actor == self.actor)
            and (not self.types or type(event).__name__ in self.types)
            and (self.since is None or recorded.recorded_at >= self.since)
            and (self.until is None or recorded.recorded_at < self.until)
        )


def concerns(event: events.Event, component_id: str) -> bool:
    """Whether the event is about that component, its own breaker and its approvals included."""
    if getattr(event, "component", None) == component_id:
        return True
    name = f"component:{component_id}"
    return name in (getattr(event, "breaker", None), getattr(event, "subject", None))


async def all_events(journal: Journal, wanted: Filter) -> AsyncIterator[Recorded]:
    """Every event that the filter takes, oldest first."""
    async for recorded in journal.read():
        if wanted.until is not None and recorded.recorded_at >= wanted.until:
            return  # recorded times never fall
        if wanted.takes(recorded):
            yield recorded


async def newest_events(journal: Journal, wanted: Filter, limit: int) -> tuple[list[Recorded], bool]:
    """The newest `limit` events that the filter takes, oldest first, and whether older ones may follow.

    Reads backwards chunk by chunk, so that a long journal is not read whole for its last page.
    """
    found: list[Recorded] = []
    end = journal.last_sequence
    while end > 0:
        start = max(0, end - CHUNK_EVENTS)
        chunk = [each async for each in journal.read(after=start, limit=end - start) if each.sequence <= end]
        if not chunk:
            break  # retention dropped what came before
        found = [each for each in chunk if wanted.takes(each)] + found
        if len(found) > limit:
            return found[-limit:], True
        if wanted.since is not None and chunk[0].recorded_at < wanted.since:
            break
        end = chunk[0].sequence - 1
    return found, False


async def story(journal: Journal, sequence: int, wanted: Filter) -> AsyncIterator[Recorded]:
    """What led to an event, the event, and all that followed from it, oldest first; nothing for an unknown number."""
    start = await _event(journal, sequence)
    if start is None:
        return
    before: list[Recorded] = []
    cause = start.cause
    while cause is not None and len(before) < CAUSES_MAX:
        led = await _event(journal, cause)
        if led is None:
            break
        before.append(led)
        cause = led.cause
    for each in (*reversed(before), start):
        if wanted.takes(each):
            yield each
    followed = {sequence}
    async for each in journal.read(after=sequence):
        if each.cause in followed:
            followed.add(each.sequence)
            if wanted.takes(each):
                yield each


async def _event(journal: Journal, sequence: int) -> Recorded | None:
    if sequence > journal.last_sequence:
        return None  # a number of any size may be asked for
    async for recorded in journal.read(after=sequence - 1, limit=1):
        return recorded if recorded.sequence == sequence else None
    return None

"""The self-audit: the journal is read from its start, folded anew and held against everything that must always hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from machines.invariants import Auditor, Finding
from machines.ports.journal import Journal
from machines.state.whole import State

SLICE_EVENTS = 500
"""Events between two breaths: some milliseconds of work, so that nobody waits long for the loop."""
FINDINGS_MAX = 100
"""A damaged rule breaks at every event; the first hundred say enough."""


async def audit(
    journal: Journal,
    kept: State,
    *,
    slice_events: int = SLICE_EVENTS,
    each_slice: Callable[[], None] = lambda: None,
) -> list[Finding]:
    """What of I3 to I9 does not hold in the journal; [] where all is well. At most `FINDINGS_MAX` findings.

    `kept` is the daemon's own state: once the audit has caught up with it, the two are compared (I9). Other work goes
    on meanwhile; nothing is written. `each_slice` hears of every step forward. Raises what reading the journal raises.
    """
    auditor = Auditor()
    found: list[Finding] = []
    while auditor.state.sequence < kept.sequence:
        before = auditor.state.sequence
        each_slice()
        async for recorded in journal.read(after=before, limit=slice_events):
            if recorded.sequence > kept.sequence:
                break  # durable, and not folded by the daemon yet
            found.extend(auditor.feed(recorded))
        if len(found) >= FINDINGS_MAX:
            return found[:FINDINGS_MAX]
        if auditor.state.sequence == before:
            return [*found, Finding("I3", f"the journal ends at event {before}, the daemon knows of {kept.sequence}")]
        if auditor.state.sequence < kept.sequence:
            await asyncio.sleep(0)
    return [*found, *auditor.compare(kept)][:FINDINGS_MAX]

"""A step that an earlier life of the daemon left open: since when this one looks at it, and when it may be settled."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from config.instants import SECOND, Instant, instant_text
from daemon.cli.reading_state import settings_found
from machines.events import Mode, Started
from machines.lifecycle_states import RAISING
from machines.ports.journal import Journal
from machines.state.components import ComponentRecord, Intent
from machines.state.whole import State


class LeftOpen(msgspec.Struct, frozen=True):
    """The life that found the step open."""

    began_at: Instant
    grace_s: int
    """So long after that a look may show what was before the last raise, of whichever life."""

    @property
    def waits_until(self) -> Instant:
        """Before this whole second nothing is given back, whatever a look shows."""
        end = self.began_at + self.grace_s * SECOND
        return end + -end % SECOND


async def left_open(journal: Journal, intent: Intent | None) -> LeftOpen | None:
    """None where no step is open, or where this life of the daemon began it."""
    if intent is None:
        return None
    began_at: Instant | None = None
    async for recorded in journal.read(after=intent.sequence):
        if isinstance(recorded.event, Started):
            began_at = recorded.recorded_at
    if began_at is None:
        return None
    return LeftOpen(began_at, settings_found().provisioning.consistency_grace_s)


def left_open_reasons(state: State, record: ComponentRecord, found: LeftOpen | None, now: Instant) -> Iterator[str]:
    """What an open step waits for that this daemon did not begin; nothing where it may not settle it."""
    if found is None or record.intent is None or record.parked or state.mode is not Mode.ACT:
        return
    since = (
        f"An earlier life of the daemon began it, the one since {instant_text(found.began_at)} looks what became of it"
    )
    if record.intent.step in RAISING or now >= found.waits_until:
        yield f"{since}: nothing is repeated before that is seen."
        return
    yield (
        f"{since}. It waits until {instant_text(found.waits_until)} before it believes a look that shows it done: one"
        f" may show the past for {found.grace_s} s (provisioning.consistency_grace_s of the settings given here)."
    )

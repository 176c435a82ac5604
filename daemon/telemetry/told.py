"""A line of the log, made again from an event of the journal."""

from __future__ import annotations

from typing import Any, Final, Self

import msgspec

from config.instants import instant_text
from daemon.telemetry.event_log import own_fields
from daemon.telemetry.lines import line_of
from daemon.telemetry.names import name_of
from machines.events import LevelDecided, Recorded, StepIntended
from machines.ports.journal import Journal

_FIRST: Final = ("timestamp", "level", "event")
CAUSES_MAX: Final = 3
"""An answer follows from its intent, an intent from its decision."""


class Told(msgspec.Struct, frozen=True):
    """The fields of a line in their order: as the daemon logged it, at the time when the event was recorded."""

    fields: dict[str, Any]

    @classmethod
    def of(cls, recorded: Recorded, decision: int | None) -> Self:
        """The line of an event that belongs to a decision, or to none."""
        line = line_of(recorded.event)
        about: dict[str, Any] = {
            "timestamp": instant_text(recorded.recorded_at),
            "level": line.level,
            "event": name_of(recorded.event),
            "actor": recorded.actor,
            "sequence": recorded.sequence,
        }
        if recorded.cause is not None:
            about["cause"] = recorded.cause
        if decision is not None:
            about["decision"] = decision
        return cls({**about, **own_fields(line)})

    def readable(self) -> str:
        """One line for people."""
        when, level, event = (self.fields[name] for name in _FIRST)
        rest = " ".join(f"{name}={value}" for name, value in self.fields.items() if name not in _FIRST)
        return f"{when[:19]}Z {level:<7} {event} {rest}"


async def decision_of(journal: Journal, recorded: Recorded) -> int | None:
    """The decision that an event belongs to, by its causes; None where none led to it."""
    if isinstance(recorded.event, LevelDecided):
        return recorded.sequence
    cause = recorded.cause
    for _ in range(CAUSES_MAX):
        if cause is None:
            return None
        led = await _event(journal, cause)
        if led is None or not isinstance(led.event, LevelDecided | StepIntended):
            return None
        if isinstance(led.event, LevelDecided):
            return led.sequence
        cause = led.cause
    return None


async def _event(journal: Journal, sequence: int) -> Recorded | None:
    async for recorded in journal.read(after=sequence - 1, limit=1):
        return recorded if recorded.sequence == sequence else None
    return None

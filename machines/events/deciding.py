"""What closes decide."""

from __future__ import annotations

from machines.deciding.facts import Decision
from machines.events.base import EventStruct


class LevelDecided(EventStruct, frozen=True):
    """What one close decided. `actuated` is false for the closes inside an import that another close followed."""

    decision: Decision
    actuated: bool = True

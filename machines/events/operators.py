"""What operators ask for, and the answers."""

from __future__ import annotations

import enum

from config.instants import Instant
from machines.events.base import EventStruct
from machines.lifecycle_states import ComponentState


class Pause(enum.Enum):
    """What a pause holds back."""

    ALL = "all"
    UP = "up"
    DOWN = "down"


class PinSet(EventStruct, frozen=True):
    """An operator holds a component in a state until `until` (None: until unpinned)."""

    component: str
    state: ComponentState
    until: Instant | None
    reason: str
    by: str


class PinEnded(EventStruct, frozen=True):
    """A pin was taken away or expired."""

    component: str
    why: str


class PauseSet(EventStruct, frozen=True):
    """An operator holds moves back."""

    scope: Pause
    until: Instant | None
    reason: str
    by: str


class PauseEnded(EventStruct, frozen=True):
    """A pause was lifted or expired."""

    why: str


class ApprovalAsked(EventStruct, frozen=True):
    """A move waits for approval. `subject` is `level:<index>`, `held-level:<index>` or `component:<id>`; `by` asked."""

    approval_id: str
    subject: str
    reason: str
    by: str
    until: Instant
    exceeds_cap: bool = False
    total_micros: int | None = None
    """The committed and reserved cost that is asked for, in all. None, as in old journals: no amount was named."""


class ApprovalGiven(EventStruct, frozen=True):
    """An operator approved; live until `until`."""

    approval_id: str
    by: str
    until: Instant
    reason: str


class ApprovalEnded(EventStruct, frozen=True):
    """An approval was denied, used up, withdrawn or expired."""

    approval_id: str
    why: str
    by: str = ""


class CommandAnswered(EventStruct, frozen=True):
    """The one reply to a command; the position in its stream moves with it."""

    stream: str
    entry_id: str
    verb: str
    outcome: str
    """`done`, `pending` or `refused`."""
    reason: str
    by: str = ""


class CursorMoved(EventStruct, frozen=True):
    """A stream's position changed without an effect: it was replaced, or only rejected entries were read."""

    stream: str
    cursor: str
    why: str

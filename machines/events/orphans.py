"""Resources that belong to nothing, and their removal."""

from __future__ import annotations

import enum

from config.instants import Instant
from machines.events.base import EventStruct


class OrphanFound(EventStruct, frozen=True):
    """Two reads found a resource that carries the plan's tag and belongs to nothing: told once until it is gone."""

    kind: str
    name: str
    """The provider's own name; with the kind and the token it says which one."""
    component: str
    """The component that its tag names."""
    token: str
    why: str
    detail: str = ""


class OrphanGone(EventStruct, frozen=True):
    """Two reads did not find an orphan any more, or found that it belongs to its component."""

    kind: str
    name: str
    component: str
    token: str
    why: str


class OrphanRemovalAsked(EventStruct, frozen=True):
    """An operator ordered an orphan to be removed: the intent, before anything is done about it."""

    kind: str
    name: str
    component: str
    token: str
    deadline_at: Instant
    reason: str
    by: str


class RemovalOutcome(enum.Enum):
    """What is known of a removal."""

    DONE = "done"
    BEGUN = "begun"
    """The provider took the request and is at work: reads will show the end."""
    REFUSED = "refused"
    """It was given up; the orphan stands as before, as far as is known."""
    UNKNOWN = "unknown"
    """No answer, or one that says to try again: a read decides."""


class OrphanRemoved(EventStruct, frozen=True):
    """What a removal came to. `done` and `refused` end it, with the others it stays open."""

    kind: str
    name: str
    component: str
    token: str
    outcome: RemovalOutcome
    reason: str = ""
    request_id: str = ""

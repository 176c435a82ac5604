"""The orphans that are known, and the removals that operators ordered, folded from their events."""

from __future__ import annotations

from typing import Final

import msgspec

from config.instants import Instant
from machines import events
from machines.events import RemovalOutcome

ORPHANS_KNOWN_MAX: Final = 1_000
"""More than anybody removes one by one: beyond it the tags are wrong, and the state must stay small."""


class Removal(msgspec.Struct, frozen=True):
    """An operator's order that is not settled: it survives a restart."""

    asked_at: Instant
    deadline_at: Instant
    reason: str
    by: str
    outcome: RemovalOutcome | None = None
    """None while nothing is answered, or when the daemon died before the answer was written."""
    said: str = ""
    """What the newest answer says."""


class KnownOrphan(msgspec.Struct, frozen=True):
    """A resource that two reads found to belong to nothing."""

    kind: str
    name: str
    component: str
    token: str
    why: str
    found_at: Instant
    detail: str = ""
    removal: Removal | None = None

    @property
    def key(self) -> str:
        """Which one it is."""
        return key_of(self.kind, self.name, self.token)


def key_of(kind: str, name: str, token: str) -> str:
    """The same name under another token is another resource."""
    return f"{kind} {token} {name}"


def fold_orphan_event(known: dict[str, KnownOrphan], event: events.Event, at: Instant) -> None:
    """Fold one of the orphans' events; any other is ignored."""
    match event:
        case events.OrphanFound():
            found = KnownOrphan(event.kind, event.name, event.component, event.token, event.why, at, event.detail)
            known[found.key] = found
        case events.OrphanGone():
            known.pop(key_of(event.kind, event.name, event.token), None)
        case events.OrphanRemovalAsked():
            asked = Removal(at, event.deadline_at, event.reason, event.by)
            _replace(known, key_of(event.kind, event.name, event.token), asked)
        case events.OrphanRemoved():
            _fold_removed(known, event)
        case _:
            pass


def _fold_removed(known: dict[str, KnownOrphan], event: events.OrphanRemoved) -> None:
    key = key_of(event.kind, event.name, event.token)
    if event.outcome is RemovalOutcome.DONE:
        known.pop(key, None)
    elif event.outcome is RemovalOutcome.REFUSED:
        _replace(known, key, None)
    elif (orphan := known.get(key)) is not None and orphan.removal is not None:
        answered = msgspec.structs.replace(orphan.removal, outcome=event.outcome, said=event.reason)
        _replace(known, key, answered)


def _replace(known: dict[str, KnownOrphan], key: str, removal: Removal | None) -> None:
    orphan = known.get(key)
    if orphan is not None:
        known[key] = msgspec.structs.replace(orphan, removal=removal)

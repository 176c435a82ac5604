"""What two reads of the world say of the orphans that are known: which are new, and which are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from config.instants import Instant
from machines.events import Event, OrphanFound, OrphanGone, OrphanRemoved, RemovalOutcome
from machines.orphans import Orphan, Tagged, orphans
from machines.state.orphans import ORPHANS_KNOWN_MAX, KnownOrphan, key_of
from machines.state.whole import State

ABSENT: Final = "two reads did not find it any more"


class Read(msgspec.Struct, frozen=True):
    """One read of the world, held against the state after it. Of a kind that was not listed it says nothing."""

    listed: frozenset[str]
    """The kinds whose list is whole."""
    found: frozenset[str]
    """The keys of all that carries the plan's tag."""
    orphans: dict[str, Orphan]
    """Those that belong to nothing, by key."""


def judged(found: Iterable[Tagged], listed: Iterable[str], state: State, epoch: int) -> Read:
    """The read; the state must not be older than the lists."""
    tagged = tuple(found)
    return Read(
        listed=frozenset(listed),
        found=frozenset(_key(each) for each in tagged),
        orphans={_key(each.found): each for each in orphans(tagged, state, epoch)},
    )


def found_events(known: Mapping[str, KnownOrphan], first: Read, second: Read) -> list[Event]:
    """The orphans that both reads found and nobody was told of, as many as may be known."""
    fresh: list[Event] = [
        OrphanFound(
            kind=orphan.found.kind,
            name=orphan.found.name,
            component=orphan.found.component,
            token=orphan.found.token,
            why=orphan.why,
            detail=orphan.found.detail,
        )
        for key, orphan in second.orphans.items()
        if key in first.orphans and key not in known
    ]
    return fresh[: max(0, ORPHANS_KNOWN_MAX - len(known))]


def gone_events(known: Mapping[str, KnownOrphan], first: Read, second: Read) -> list[Event]:
    """The known orphans that neither read found to be one, though their kind was listed both times."""
    gone: list[Event] = []
    for key, orphan in known.items():
        if orphan.kind in first.listed & second.listed and key not in first.orphans and key not in second.orphans:
            gone += _gone(orphan, owned=key in second.found)
    return gone


def overdue_events(known: Mapping[str, KnownOrphan], read: Read, now: Instant) -> list[Event]:
    """The removals that are past their deadline, and whose orphan this read does not show to be gone."""
    return [
        removed(orphan, RemovalOutcome.REFUSED, f"not done by its deadline: {_last_word(orphan, read)}")
        for key, orphan in known.items()
        if orphan.removal is not None
        and now >= orphan.removal.deadline_at
        and (key in read.orphans or orphan.kind not in read.listed)
    ]


def removed(orphan: KnownOrphan, outcome: RemovalOutcome, reason: str = "", request_id: str = "") -> OrphanRemoved:
    """What the removal of a known orphan came to."""
    return OrphanRemoved(orphan.kind, orphan.name, orphan.component, orphan.token, outcome, reason, request_id)


def held_back(state: State) -> str | None:
    """Why no orphan may be removed at this moment, or None: a removal lowers, and moves with what lowers.

    A journal that was restored from a backup begins paused: what it has forgotten looks like an orphan.
    """
    pause = state.operators.pauses(raising=False)
    if pause is not None:
        return f"paused ({pause.scope.value}) by {pause.by}: {pause.reason or 'no reason given'}; resume first"
    if state.frozen is not None:
        return f"frozen, everything stays as it is: {state.frozen}"
    return None


def _gone(orphan: KnownOrphan, *, owned: bool) -> list[Event]:
    if not owned and orphan.removal is not None:
        return [removed(orphan, RemovalOutcome.DONE, ABSENT)]
    why = f"it belongs to {orphan.component} now" if owned else ABSENT
    ended: list[Event] = [removed(orphan, RemovalOutcome.REFUSED, why)] if orphan.removal is not None else []
    return [*ended, OrphanGone(orphan.kind, orphan.name, orphan.component, orphan.token, why)]


def _last_word(orphan: KnownOrphan, read: Read) -> str:
    if orphan.removal is not None and orphan.removal.said:
        return orphan.removal.said
    return "it still stands" if orphan.kind in read.listed else f"{orphan.kind} could not be listed"


def _key(found: Tagged) -> str:
    return key_of(found.kind, found.name, found.token)

"""The version in which each event is written today, and how older ones are read.

To change the shape of an event: raise its number in `EVENT_VERSIONS` and add one function for the version left
behind. A function takes the raw mapping of its version and returns that of the next; it is never changed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from machines.events import Event

RawEvent = dict[str, Any]
"""An event as JSON says it, with its `type`."""
Upcaster = Callable[[RawEvent], RawEvent]

EVENT_VERSIONS: Final[Mapping[str, int]] = {kind.__struct_config__.tag: 1 for kind in get_args(Event)}
"""Every event's name and the version in which it is written. Changed events: `| {"StepEnded": 2}`."""

UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {}
"""`(name, version)` to the function that makes version + 1 of it."""


class EventNewerError(ValueError):
    """An event of a kind or version that this code does not know: a newer solvent wrote it."""


def upcast(
    name: str,
    version: int,
    raw: RawEvent,
    versions: Mapping[str, int] = EVENT_VERSIONS,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> RawEvent:
    """The raw event in today's version; raises `EventNewerError` where it is from the future."""
    require_known(name, version, versions)
    for step in range(version, versions[name]):
        raw = upcasters[name, step](raw)
    return raw


def require_known(name: str, version: int, versions: Mapping[str, int] = EVENT_VERSIONS) -> None:
    """Raise `EventNewerError` unless this code can read that version of that event."""
    current = versions.get(name)
    if current is None:
        raise EventNewerError(f"this version of solvent knows no event called {name!r} (version {version})")
    if version > current:
        raise EventNewerError(f"this version of solvent reads {name} up to version {current}, found version {version}")

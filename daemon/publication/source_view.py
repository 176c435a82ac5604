"""The sources of payments as people read them: in the hash `status`, in `solvent status`, as an object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.instants import Instant, instant_text
from machines.sources.freshness import SourceQuality, quality_of
from machines.state.whole import State

NEVER = "never heard, which is unknown and not zero"


def source_objects(state: State) -> list[dict[str, Any]]:
    """Each source; null is unknown. `last_read` is what the journal has: at most a quarter of an hour old."""
    return [
        {
            "name": name,
            "kind": stand.kind,
            "quality": quality_of(state, name).value,
            "last_read": _text(stand.heard_at),
            "through": _text(stand.through),
            "reason": stand.failure or None,
            "payments": stand.counted,
        }
        for name, stand in state.revenue.sources.stands.items()
    ]


def source_lines(state: State) -> Iterator[str]:
    """`source shop (sql): good, read at 2026-11-21T12:00:00Z, complete before 2026-11-21T11:59:00Z`."""
    for each in source_objects(state):
        said = [each["quality"], NEVER if each["last_read"] is None else f"read at {each['last_read']}"]
        if each["through"]:
            said.append(f"complete before {each['through']}")
        reason = f": {each['reason']}" if each["reason"] else ""
        yield f"source {each['name']} ({each['kind']}): {', '.join(said)}{reason}"


def sources_text(state: State) -> str:
    """`shop good, till failing`, with nothing where the Redis stream is the only source."""
    qualities: dict[str, SourceQuality] = {name: quality_of(state, name) for name in state.revenue.sources.stands}
    return ", ".join(f"{name} {quality.value}" for name, quality in qualities.items())


def _text(at: Instant | None) -> str | None:
    return None if at is None else instant_text(at)

"""I9: folding the published events gives the journal's state."""

from __future__ import annotations

from typing import Any

import msgspec

from machines.invariants.finding import Finding
from machines.state.components import ComponentRecord
from machines.state.whole import State


def fold_differences(folded: State, kept: State) -> list[Finding]:
    """Where a state that was folded anew differs from the one that is kept, field by field."""
    return [
        Finding("I9", f"{path}: the events give {_short(one)}, the daemon has {_short(other)}")
        for path, one, other in _differing("state", folded, kept)
    ]


def _differing(path: str, one: Any, other: Any) -> list[tuple[str, Any, Any]]:
    if path == "state.components.records":
        one, other = _touched(one), _touched(other)
    if one == other:
        return []
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        pairs = [(f"{path}.{name}", getattr(one, name), getattr(other, name)) for name in one.__struct_fields__]
    elif isinstance(one, dict) and isinstance(other, dict):
        pairs = [(f"{path}[{key!r}]", one.get(key), other.get(key)) for key in {**one, **other}]
    else:
        return [(path, one, other)]
    return [found for pair in pairs for found in _differing(*pair)]


def _touched(records: dict[str, ComponentRecord]) -> dict[str, ComponentRecord]:
    """Asking for a component that was never heard of leaves an empty record behind; it says nothing."""
    return {each.id: each for each in records.values() if each != ComponentRecord(each.id)}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"

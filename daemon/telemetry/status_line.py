"""How the daemon stands, in the one line that `systemctl status` shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from machines.moving import level_reached
from machines.state.whole import State


def status_line(state: State, problems: Sequence[str] = ()) -> str:
    """Level, mode and counts; then what holds it, and why it is not well."""
    parts = [_level(state), state.mode.value, _components(state)]
    if state.orphans:
        parts.append(f"{len(state.orphans)} orphans")
    if state.operators.pause is not None:
        parts.append(f"paused ({state.operators.pause.scope.value})")
    if state.frozen:
        parts.append(f"frozen: {state.frozen}")
    parts.extend(problems)
    return "; ".join(parts)


def _level(state: State) -> str:
    level = state.deciding.decided.level
    if state.plan is None:
        return f"level {level}"
    reached = level_reached(state.plan, state)
    return f"level {level} of {len(state.plan.levels) - 1}" + ("" if reached == level else f", reached {reached}")


def _components(state: State) -> str:
    """The components by state, those that are in none but COLD last, and what is under way or waits for somebody."""
    records = state.components.records
    known = {*(state.plan.components if state.plan else ()), *state.retired}
    counts = Counter(records[each].state.value if each in records else "COLD" for each in known)
    stands = ", ".join(f"{counts[name]} {name}" for name in ("HOT", "WARM", "COLD") if counts[name])
    under_way = sum(each.intent is not None for each in records.values())
    parked = sum(bool(each.parked) for each in records.values()) + len(state.parked_actors)
    return f"{len(known)} components: {stands or 'none at rest'}; {under_way} under way, {parked} parked"

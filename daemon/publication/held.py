"""What operators hold beside the plan, in one line each: what, until when, who, why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.instants import Instant, instant_text
from config.money import amount_text
from config.plan import Plan
from machines.state.operators import HeldThreshold, LevelHold, Operators, Pin
from machines.state.whole import State


def words(until: Instant | None, by: str, reason: str, endless: str) -> str:
    """`until 2026-12-01T00:00:00Z by ann: a sale`; `endless` says what ends it where no time does."""
    end = endless if until is None else f"until {instant_text(until)}"
    return f"{end} by {by}: {reason}" if reason else f"{end} by {by}, no reason given"


def pin_text(pin: Pin) -> str:
    """`COLD until unpinned by ann: too dear`."""
    return f"{pin.state.value} {words(pin.until, pin.by, pin.reason, 'until unpinned')}"


def level_hold_text(plan: Plan | None, held: LevelHold) -> str:
    """`level 2 (Large) until set-level auto by ann: a fair`."""
    known = plan is not None and held.level < len(plan.levels)
    name = f" ({plan.levels[held.level].name})" if plan is not None and known else ""
    return f"level {held.level}{name} {words(held.until, held.by, held.reason, 'until set-level auto')}"


def threshold_text(level: int, held: HeldThreshold) -> str:
    """`level 2 asks for 1200.00 instead of the plan's 800.00 until set-threshold minimum plan by ann: a discount`."""
    figures = f"{amount_text(held.minimum_micros)} instead of the plan's {amount_text(held.plan_micros)}"
    return f"level {level} asks for {figures} {words(held.until, held.by, held.reason, 'until minimum plan')}"


def held_fields(state: State) -> Mapping[str, str]:
    """Who holds the level, until when and why; empty fields while nobody does."""
    held = state.operators.level
    return {
        "held": "" if held is None else str(held.level),
        "held_by": "" if held is None else held.by,
        "held_until": "" if held is None or held.until is None else instant_text(held.until),
        "held_reason": "" if held is None else held.reason,
    }


def attested_text(operators: Operators) -> str:
    """The attested items, with commas."""
    return ",".join(sorted(operators.attested))


def thresholds_text(operators: Operators) -> str:
    """`2:1200.00`, with commas: levels whose minimum is another than the plan's."""
    found = sorted(operators.thresholds.items())
    return ",".join(f"{level}:{amount_text(each.minimum_micros)}" for level, each in found)


def held_lines(state: State) -> Iterator[str]:
    """A sentence for each thing that an operator holds beside the plan."""
    operators = state.operators
    if operators.level is not None:
        yield f"held: {level_hold_text(state.plan, operators.level)}; level {state.deciding.decided.level} is decided"
    for level, threshold in sorted(operators.thresholds.items()):
        yield f"threshold: {threshold_text(level, threshold)}"
    for item, each in sorted(operators.attested.items()):
        yield f"attested: {item} {words(each.until, each.by, each.reason, 'until withdrawn')}"

"""Going down: when a level no longer carries itself, and how far it falls (RESOLUTIONS 6)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Final

import msgspec

from config.plan import Plan
from config.policies import Brake, RollbackAfter, RollbackTarget
from config.triggers import Trigger, items_of
from machines.deciding.conditions import below_minimum, months_to_leave
from machines.deciding.debounce import History, streak
from machines.deciding.ratio import above, basis_cost_micros

PLAIN: Final = Decimal(0)
"""Targets and activation use the plain minimum (RESOLUTIONS 6)."""


class Fall(msgspec.Struct, frozen=True):
    """A rollback: the level to fall to, and why."""

    level: int
    cause: str


def fall_at_close(plan: Plan, level: int, history: History) -> Fall | None:
    """The rollback that a close asks for, or None. Level 0 is exempt (RESOLUTIONS 9)."""
    if level <= 0:
        return None
    cause = _hard_cause(plan, level, history.current) or _below_cause(plan, level, history)
    cause = cause or _brake_cause(plan, level, history)
    return Fall(rollback_target(plan, level, history.current, history.unattested), cause) if cause else None


def fall_at_day(plan: Plan, level: int, trailing_micros: int, unattested: Collection[str] = ()) -> Fall | None:
    """The rollback that a day's end asks for with `rollback.after: daily`, by the trailing figure alone.

    `unattested` is what lacked at the last close: an attestation that ends is not looked at between closes.
    """
    rollback = plan.policies.rollback
    if level <= 0 or rollback.after is not RollbackAfter.DAILY:
        return None
    if not below_minimum(plan.levels[level].trigger, trailing_micros, rollback.hysteresis, unattested):
        return None
    return Fall(rollback_target(plan, level, trailing_micros, unattested), "below minimum")


def rollback_target(plan: Plan, level: int, measure: int, unattested: Collection[str] = ()) -> int:
    """The highest lower level whose plain minimum the measure meets and, if `affordable`, whose ratio holds in it."""
    affordable = plan.policies.rollback.target is RollbackTarget.AFFORDABLE
    for lower in range(level - 1, 0, -1):
        if below_minimum(plan.levels[lower].trigger, measure, PLAIN, unattested):
            continue
        if not (affordable and _too_dear(plan, lower, measure)):
            return lower
    return 0


def _too_dear(plan: Plan, level: int, measure: int) -> bool:
    safety = plan.policies.safety
    cost, monthly = basis_cost_micros(plan, level), plan.level_cost_micros(level)
    if cost is None or monthly is None or above(cost, measure, safety.ratio_max):
        return True
    return safety.hard_ratio is not None and above(monthly, measure, safety.hard_ratio)


def _hard_cause(plan: Plan, level: int, measure: int) -> str:
    limit = plan.policies.safety.hard_ratio
    if limit is None:
        return ""
    cost = plan.level_cost_micros(level)
    # An unknown price is no evidence of spending too much: it blocks rising, it does not demote.
    return "hard ratio" if measure <= 0 or (cost is not None and above(cost, measure, limit)) else ""


def _below_cause(plan: Plan, level: int, history: History) -> str:
    rollback, trigger = plan.policies.rollback, plan.levels[level].trigger
    months = months_to_leave(trigger) if rollback.after is RollbackAfter.DEBOUNCE else 1
    met = streak(history, lambda measure, lacked: below_minimum(trigger, measure, rollback.hysteresis, lacked), months)
    if met < months:
        return ""
    # Where revenue alone would have carried it, the word that is missing is the cause.
    carried = not below_minimum(trigger, history.current, rollback.hysteresis)
    return f"not attested: {', '.join(_lacking(trigger, history))}" if carried else "below minimum"


def _lacking(trigger: Trigger | None, history: History) -> tuple[str, ...]:
    return tuple(item for item in items_of(trigger) if item in history.unattested)


def _brake_cause(plan: Plan, level: int, history: History) -> str:
    safety = plan.policies.safety
    cost = basis_cost_micros(plan, level)
    if safety.brake is Brake.OFF or cost is None:
        return ""
    months = months_to_leave(plan.levels[level].trigger) if safety.brake is Brake.DEBOUNCE else 1
    met = streak(history, lambda measure, _: above(cost, measure, safety.ratio_max), months)
    return "brake" if met >= months else ""

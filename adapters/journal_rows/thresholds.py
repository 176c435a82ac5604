"""Rows of `revenue_threshold_config`: what a level needs, from the plan or from an operator, one row a change."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from adapters.journal_rows.statements import Statements
from config.instants import Instant, instant_text
from config.plan import Level
from config.triggers import AllOf, AnyOf, Comparison, Condition, Metric, Trigger
from machines.events import PlanAdopted, Recorded, ThresholdEnded, ThresholdSet

BY_PLAN: Final = "plan"
"""`set_by` of a figure that is the plan's own."""
_COLUMNS: Final = (
    "sequence, level, level_id, name, minimum_micros, max_burn_micros, trigger_json, plan, plan_fingerprint, at, "
    "set_by, until, reason"
)
_INSERT: Final = f"""
    INSERT INTO revenue_threshold_config ({_COLUMNS}) VALUES ({", ".join("?" * 13)})
    ON CONFLICT (sequence, level) DO UPDATE SET
        level_id = excluded.level_id, name = excluded.name, minimum_micros = excluded.minimum_micros,
        max_burn_micros = excluded.max_burn_micros, trigger_json = excluded.trigger_json, plan = excluded.plan,
        plan_fingerprint = excluded.plan_fingerprint, at = excluded.at, set_by = excluded.set_by,
        until = excluded.until, reason = excluded.reason"""  # noqa: S608 - our own names
_IN_FORCE: Final = """
    SELECT level_id, name, max_burn_micros, trigger_json, plan, plan_fingerprint FROM revenue_threshold_config
    WHERE level = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1"""
_OF_NO_PLAN: Final = ("", "", 0, "null", "", "")

_Row = tuple[Any, ...]


def project_thresholds(connection: Statements, recorded: Recorded) -> None:
    """Write the rows of an event that says what levels need; nothing for any other."""
    event = recorded.event
    if isinstance(event, PlanAdopted):
        connection.executemany(_INSERT, [_plan_row(recorded, event, level) for level in event.plan.levels])
    elif isinstance(event, ThresholdSet):
        row = _changed(connection, recorded, event.level, event.minimum_micros)
        connection.execute(_INSERT, (*row, event.by, _text(event.until), event.reason))
    elif isinstance(event, ThresholdEnded):
        row = _changed(connection, recorded, event.level, event.minimum_micros)
        connection.execute(_INSERT, (*row, BY_PLAN, None, event.why))


def _plan_row(recorded: Recorded, event: PlanAdopted, level: Level) -> _Row:
    return (
        recorded.sequence,
        level.index,
        level.id,
        level.name,
        None if level.trigger is None else minimum_micros(level.trigger),
        level.max_burn_micros,
        msgspec.json.encode(level.trigger).decode(),
        event.plan.id,
        event.fingerprint,
        instant_text(recorded.effective_at),
        BY_PLAN,
        None,
        "",
    )


def _changed(connection: Statements, recorded: Recorded, level: int, minimum: int) -> _Row:
    """The row in force with another minimum, up to `at`."""
    in_force = connection.execute(_IN_FORCE, (level, recorded.sequence)).fetchone() or _OF_NO_PLAN
    level_id, name, max_burn, trigger, plan, fingerprint = in_force
    at = instant_text(recorded.effective_at)
    return recorded.sequence, level, level_id, name, minimum, max_burn, trigger, plan, fingerprint, at


def _text(instant: Instant | None) -> str | None:
    return None if instant is None else instant_text(instant)


def minimum_micros(trigger: Trigger) -> int | None:
    """The least revenue at which the trigger can hold; None where it sets no lower bound."""
    match trigger:
        case Condition(metric=Metric.REVENUE, comparison=Comparison.AT_LEAST | Comparison.ABOVE):
            return trigger.threshold_micros
        case AllOf():
            return max((bound for bound in map(minimum_micros, trigger.parts) if bound is not None), default=None)
        case AnyOf():
            bounds = [minimum_micros(part) for part in trigger.parts]
            known = [bound for bound in bounds if bound is not None]
            return min(known) if known and len(known) == len(bounds) else None
        case _:
            return None

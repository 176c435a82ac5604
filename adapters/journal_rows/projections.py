"""The tables that people query, kept in the transaction of the events they show.

They are views of the journal, never read by the daemon: `events` is the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final

import msgspec

from adapters.journal_rows.scaling_log import log_line
from adapters.journal_rows.statements import Statements
from adapters.journal_rows.thresholds import project_thresholds
from config.calendar import month_text
from config.instants import instant_text
from machines.events import (
    ComponentDrifted,
    ComponentParked,
    ComponentUnparked,
    IntentAbandoned,
    MonthClosed,
    Recorded,
    RepairDropped,
    ResourceAdopted,
    ResourceGone,
    ResourceUnmanaged,
    RevenueMeasured,
    StepEnded,
    StepIntended,
    StepOutcome,
)

_REVENUE: Final = """
    INSERT INTO revenue_snapshots
        (sequence, at, kind, month, revenue_micros, mrr_micros, committed_micros, quality)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sequence) DO UPDATE SET
        at = excluded.at, kind = excluded.kind, month = excluded.month, revenue_micros = excluded.revenue_micros,
        mrr_micros = excluded.mrr_micros, committed_micros = excluded.committed_micros, quality = excluded.quality"""
_LOG: Final = """
    INSERT INTO economic_scaling_log
        (sequence, at, actor, cause, event, subject, from_state, to_state, amount_micros, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (sequence) DO UPDATE SET
        at = excluded.at, actor = excluded.actor, cause = excluded.cause, event = excluded.event,
        subject = excluded.subject, from_state = excluded.from_state, to_state = excluded.to_state,
        amount_micros = excluded.amount_micros, reason = excluded.reason"""
_COMPONENT: Final = """
    INSERT INTO component_activation_states
        (component, state, since, committed_micros, token, generation, open_step, managed, sequence)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (component) DO UPDATE SET
        since = CASE
            WHEN component_activation_states.state = excluded.state THEN component_activation_states.since
            ELSE excluded.since
        END,
        state = excluded.state,
        committed_micros = excluded.committed_micros,
        token = coalesce(excluded.token, component_activation_states.token),
        generation = coalesce(excluded.generation, component_activation_states.generation),
        open_step = excluded.open_step,
        managed = excluded.managed,
        sequence = excluded.sequence"""
_PARKED: Final = "UPDATE component_activation_states SET parked = ?, sequence = ? WHERE component = ?"
_GONE: Final = "DELETE FROM component_activation_states WHERE component = ?"

_Row = tuple[Any, ...]
_ComponentEvent = (
    StepIntended
    | StepEnded
    | IntentAbandoned
    | ComponentParked
    | ComponentUnparked
    | ResourceUnmanaged
    | ResourceAdopted
    | ResourceGone
    | ComponentDrifted
    | RepairDropped
)


def project(connection: Statements, events: Sequence[Recorded]) -> None:
    """Write what these events mean to the tables, within the running transaction."""
    connection.executemany(_REVENUE, [row for row in map(_revenue_row, events) if row])
    connection.executemany(_LOG, [row for row in map(_log_row, events) if row])
    for recorded in events:
        project_thresholds(connection, recorded)
    project_components(connection, events)


def project_components(connection: Statements, events: Iterable[Recorded]) -> None:
    """Bring `component_activation_states` up to these events, in their order."""
    for recorded in events:
        if isinstance(recorded.event, _ComponentEvent):
            connection.execute(*_component_change(recorded, recorded.event))


def forget_after(connection: Statements, sequence: int, left: Iterable[Recorded]) -> None:
    """Take back what events after `sequence` had written; `left` are the events that stay, from the first one kept.

    Where retention dropped the beginning, a component stands as far back as the events that are left tell.
    """
    for table in ("revenue_snapshots", "economic_scaling_log", "revenue_threshold_config"):
        connection.execute(f"DELETE FROM {table} WHERE sequence > ?", (sequence,))  # noqa: S608 - our own names
    stays = iter(left)
    first = next(stays, None)
    replayed = () if first is None else chain((first,), stays)
    if first is None or first.sequence == 1:
        connection.execute("DELETE FROM component_activation_states")
        project_components(connection, replayed)
        return
    names = {
        name
        for (name,) in connection.execute(
            "DELETE FROM component_activation_states WHERE sequence > ? RETURNING component", (sequence,)
        ).fetchall()
    }
    project_components(connection, (each for each in replayed if getattr(each.event, "component", "") in names))


def _revenue_row(recorded: Recorded) -> _Row | None:
    event = recorded.event
    if isinstance(event, RevenueMeasured):
        return (
            recorded.sequence,
            instant_text(event.as_of),
            "measured",
            month_text(event.month),
            event.month_to_date_micros,
            event.mrr_micros,
            event.mrr_committed_micros,
            event.quality,
        )
    if isinstance(event, MonthClosed):
        return (
            recorded.sequence,
            instant_text(recorded.effective_at),
            "closed",
            month_text(event.month),
            event.revenue_micros,
            event.trailing_micros,
            event.revenue_committed_micros,
            event.by,
        )
    return None


def _log_row(recorded: Recorded) -> _Row | None:
    line = log_line(recorded.event)
    if line is None:
        return None
    return (
        recorded.sequence,
        instant_text(recorded.effective_at),
        recorded.actor,
        recorded.cause,
        type(recorded.event).__name__,
        line.subject,
        line.from_state,
        line.to_state,
        line.amount_micros,
        line.reason,
    )


def _component_change(recorded: Recorded, event: _ComponentEvent) -> tuple[str, _Row]:
    """The statement that one event amounts to, and its parameters."""
    if isinstance(event, ResourceGone):
        return _GONE, (event.component,)
    if isinstance(event, ComponentParked):
        return _PARKED, (event.reason, recorded.sequence, event.component)
    if isinstance(event, ComponentUnparked):
        return _PARKED, (None, recorded.sequence, event.component)
    stands = _stands(event)
    return _COMPONENT, (
        event.component,
        stands.state,
        instant_text(recorded.effective_at),
        event.committed_micros,
        stands.token,
        stands.generation,
        stands.open_step,
        int(not isinstance(event, ResourceUnmanaged)),
        recorded.sequence,
    )


class _Stands(msgspec.Struct, frozen=True):
    """How a component stands after an event; None keeps the token and generation that are known."""

    state: str
    token: str | None = None
    generation: int | None = None
    open_step: str | None = None


def _stands(
    event: StepIntended
    | StepEnded
    | IntentAbandoned
    | ResourceUnmanaged
    | ResourceAdopted
    | ComponentDrifted
    | RepairDropped,
) -> _Stands:
    match event:
        case StepIntended():
            return _Stands(event.to_state.value, event.token, event.generation, event.step.value)
        case StepEnded():
            open_step = None if event.outcome is StepOutcome.DONE else event.step.value
            return _Stands(event.to_state.value, event.token, None, open_step)
        case IntentAbandoned():
            return _Stands(event.to_state.value, event.token)
        case ResourceAdopted():
            return _Stands(event.to_state.value, event.token, event.generation)
        case ComponentDrifted() | RepairDropped():
            return _Stands(event.to_state.value)
        case ResourceUnmanaged():
            return _Stands(event.observed.value.upper(), event.tokens[0] if event.tokens else None)

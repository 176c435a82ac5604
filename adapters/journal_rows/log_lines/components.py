"""What the audit table says of components, of what they cost, and of what stands without one."""

from __future__ import annotations

from functools import singledispatch

from adapters.journal_rows.log_lines.line import LogLine
from config.calendar import month_text
from config.money import amount_text
from machines.events import (
    BudgetReconcileAsked,
    BudgetReconciled,
    ComponentDrifted,
    ComponentParked,
    ComponentUnparked,
    CostAlarmChanged,
    DialTurned,
    IntentAbandoned,
    OrphanFound,
    OrphanGone,
    OrphanRemovalAsked,
    OrphanRemoved,
    RepairDropped,
    ResourceAdopted,
    ResourceGone,
    ResourceNamed,
    ResourceUnmanaged,
    StepEnded,
    StepIntended,
)


@singledispatch
def component_line(_event: object) -> LogLine | None:
    """A step, a resource, a dial, a budget or an orphan; None for any other event."""
    return None


@component_line.register
def _(event: StepIntended) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    why = f"{event.step.value}, attempt {event.attempt}, token {event.token}"
    return LogLine(event.component, *moved, event.committed_micros, why)


@component_line.register
def _(event: StepEnded) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    why = f"{event.step.value}: {event.outcome.value}" + (f", {event.reason}" if event.reason else "")
    return LogLine(event.component, *moved, event.committed_micros, why)


@component_line.register(IntentAbandoned)
@component_line.register(ResourceAdopted)
@component_line.register(ComponentDrifted)
def _(event: IntentAbandoned | ResourceAdopted | ComponentDrifted) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    return LogLine(event.component, *moved, event.committed_micros, getattr(event, "reason", ""))


@component_line.register
def _(event: ComponentParked) -> LogLine:
    return LogLine(event.component, to_state="parked", reason=event.reason)


@component_line.register
def _(event: ComponentUnparked) -> LogLine:
    return LogLine(event.component, from_state="parked")


@component_line.register
def _(event: ResourceUnmanaged) -> LogLine:
    return LogLine(event.component, to_state=event.observed.value, amount_micros=event.committed_micros)


@component_line.register
def _(event: RepairDropped) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    return LogLine(event.component, *moved, event.committed_micros, "its repair is not wanted any more")


@component_line.register
def _(event: ResourceGone) -> LogLine:
    return LogLine(event.component, to_state="absent")


@component_line.register
def _(event: ResourceNamed) -> LogLine:
    return LogLine(event.component, to_state="named", reason=f"{event.resource or 'none'}: {event.reason} ({event.by})")


@component_line.register
def _(event: DialTurned) -> LogLine:
    return LogLine(event.component, to_state=f"{event.share_percent} %", reason="; ".join(event.reasons))


@component_line.register
def _(event: BudgetReconcileAsked) -> LogLine:
    return LogLine(
        event.component,
        to_state="reconciling",
        amount_micros=event.billed_micros,
        reason=f"{month_text(event.month)}: {event.reason} ({event.by})",
    )


@component_line.register
def _(event: BudgetReconciled) -> LogLine:
    before = "" if event.before_micros is None else f" from {amount_text(event.before_micros)}"
    return LogLine(
        event.component,
        to_state=f"reconciled {event.outcome}",
        amount_micros=event.after_micros,
        reason=f"{month_text(event.month)}{before}: {event.reason} ({event.by})",
    )


@component_line.register
def _(event: CostAlarmChanged) -> LogLine:
    return LogLine(event.component, to_state=event.status, amount_micros=event.billed_micros, reason=event.reason)


@component_line.register
def _(event: OrphanFound) -> LogLine:
    return LogLine(event.name, to_state="orphan", reason=f"{event.kind}: {event.why}")


@component_line.register
def _(event: OrphanGone) -> LogLine:
    return LogLine(event.name, from_state="orphan", reason=f"{event.kind}: {event.why}")


@component_line.register
def _(event: OrphanRemovalAsked) -> LogLine:
    return LogLine(event.name, "orphan", "removal asked", reason=f"{event.reason} ({event.by})")


@component_line.register
def _(event: OrphanRemoved) -> LogLine:
    return LogLine(event.name, "orphan", f"removal {event.outcome.value}", reason=event.reason)

"""What the audit table says of each event, in words a person can filter; None for what only feeds other tables."""

from __future__ import annotations

from functools import singledispatch

import msgspec

from config.calendar import month_text
from config.instants import instant_text
from config.money import amount_text
from machines.events import (
    ActorParked,
    ActorResumed,
    ApprovalAsked,
    ApprovalEnded,
    ApprovalGiven,
    AttestationEnded,
    Attested,
    BreakerChanged,
    BudgetReconcileAsked,
    BudgetReconciled,
    CommandAnswered,
    ComponentDrifted,
    ComponentParked,
    ComponentUnparked,
    CostAlarmChanged,
    DialTurned,
    Event,
    FreezeChanged,
    IntentAbandoned,
    JournalMigrated,
    JournalMoved,
    JournalRestored,
    LevelDecided,
    LevelHeld,
    LevelHoldEnded,
    MonthCorrected,
    OrphanFound,
    OrphanGone,
    OrphanRemovalAsked,
    OrphanRemoved,
    PauseEnded,
    PauseSet,
    PinEnded,
    PinSet,
    PlanAdopted,
    RepairDropped,
    ResourceAdopted,
    ResourceGone,
    ResourceNamed,
    ResourceUnmanaged,
    SourcesConfigured,
    Started,
    StepEnded,
    StepIntended,
    ThresholdEnded,
    ThresholdSet,
)


class LogLine(msgspec.Struct, frozen=True):
    """One row of `economic_scaling_log`: who or what, from where to where, at what monthly cost, and why."""

    subject: str
    from_state: str = ""
    to_state: str = ""
    amount_micros: int | None = None
    reason: str = ""


def log_line(event: Event) -> LogLine | None:
    """The line of one event; None for payments, readings, bills and positions, which would drown the rest."""
    return _line(event)


@singledispatch
def _line(_event: object) -> LogLine | None:
    return None


@_line.register
def _(event: Started) -> LogLine:
    return LogLine(event.instance, to_state=event.mode.value, reason=f"version {event.version}")


@_line.register
def _(event: PlanAdopted) -> LogLine:
    return LogLine(event.plan.id, reason=f"fingerprint {event.fingerprint}")


@_line.register
def _(event: FreezeChanged) -> LogLine:
    return LogLine(event.key, to_state="frozen" if event.frozen else "free", reason=event.reason)


@_line.register
def _(event: ActorParked) -> LogLine:
    return LogLine(event.actor, to_state="parked", reason=event.reason)


@_line.register
def _(event: ActorResumed) -> LogLine:
    return LogLine(event.actor, from_state="parked")


@_line.register
def _(event: MonthCorrected) -> LogLine:
    return LogLine(month_text(event.month), amount_micros=event.delta_micros, reason=f"payment {event.payment_id}")


@_line.register
def _(event: LevelDecided) -> LogLine:
    decision = event.decision
    texts = [each.text for each in decision.explanation if each.level == decision.level]
    return LogLine(
        month_text(decision.month),
        str(decision.level_before),
        str(decision.level),
        decision.committed_cost_micros,
        "; ".join([decision.cause, *texts]),
    )


@_line.register
def _(event: StepIntended) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    why = f"{event.step.value}, attempt {event.attempt}, token {event.token}"
    return LogLine(event.component, *moved, event.committed_micros, why)


@_line.register
def _(event: StepEnded) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    why = f"{event.step.value}: {event.outcome.value}" + (f", {event.reason}" if event.reason else "")
    return LogLine(event.component, *moved, event.committed_micros, why)


@_line.register(IntentAbandoned)
@_line.register(ResourceAdopted)
@_line.register(ComponentDrifted)
def _(event: IntentAbandoned | ResourceAdopted | ComponentDrifted) -> LogLine:
    moved = event.from_state.value, event.to_state.value
    return LogLine(event.component, *moved, event.committed_micros, getattr(event, "reason", ""))


@_line.register
def _(event: ComponentParked) -> LogLine:
    return LogLine(event.component, to_state="parked", reason=event.reason)


@_line.register
def _(event: ComponentUnparked) -> LogLine:
    return LogLine(event.component, from_state="parked")


@_line.register
def _(event: ResourceUnmanaged) -> LogLine:
    return LogLine(event.component, to_state=event.observed.value, amount_micros=event.committed_micros)


@_line.register
def _(event: RepairDropped) -> LogLine:
    return LogLine(event.component, amount_micros=event.committed_micros, reason="its repair is not wanted any more")


@_line.register
def _(event: ResourceGone) -> LogLine:
    return LogLine(event.component, to_state="absent")


@_line.register
def _(event: ResourceNamed) -> LogLine:
    return LogLine(event.component, to_state="named", reason=f"{event.resource or 'none'}: {event.reason} ({event.by})")


@_line.register
def _(event: DialTurned) -> LogLine:
    return LogLine(event.component, to_state=f"{event.share_percent} %", reason="; ".join(event.reasons))


@_line.register
def _(event: BudgetReconcileAsked) -> LogLine:
    return LogLine(
        event.component,
        to_state="reconciling",
        amount_micros=event.billed_micros,
        reason=f"{month_text(event.month)}: {event.reason} ({event.by})",
    )


@_line.register
def _(event: BudgetReconciled) -> LogLine:
    before = "" if event.before_micros is None else f" from {amount_text(event.before_micros)}"
    return LogLine(
        event.component,
        to_state=f"reconciled {event.outcome}",
        amount_micros=event.after_micros,
        reason=f"{month_text(event.month)}{before}: {event.reason} ({event.by})",
    )


@_line.register
def _(event: CostAlarmChanged) -> LogLine:
    return LogLine(event.component, to_state=event.status, amount_micros=event.billed_micros, reason=event.reason)


@_line.register
def _(event: OrphanFound) -> LogLine:
    return LogLine(event.name, to_state="orphan", reason=f"{event.kind}: {event.why}")


@_line.register
def _(event: OrphanGone) -> LogLine:
    return LogLine(event.name, from_state="orphan", reason=f"{event.kind}: {event.why}")


@_line.register
def _(event: OrphanRemovalAsked) -> LogLine:
    return LogLine(event.name, "orphan", "removal asked", reason=f"{event.reason} ({event.by})")


@_line.register
def _(event: OrphanRemoved) -> LogLine:
    return LogLine(event.name, "orphan", f"removal {event.outcome.value}", reason=event.reason)


@_line.register
def _(event: BreakerChanged) -> LogLine:
    return LogLine(event.breaker, to_state=event.status.value, reason=event.reason)


@_line.register
def _(event: PinSet) -> LogLine:
    return LogLine(event.component, to_state=event.state.value, reason=f"{event.reason} ({event.by})")


@_line.register
def _(event: PinEnded) -> LogLine:
    return LogLine(event.component, from_state="pinned", reason=event.why)


@_line.register
def _(event: PauseSet) -> LogLine:
    until = "" if event.until is None else f", until {instant_text(event.until)}"
    return LogLine(event.scope.value, to_state="paused", reason=f"{event.reason} ({event.by}){until}")


@_line.register
def _(event: PauseEnded) -> LogLine:
    return LogLine("pause", from_state="paused", reason=event.why)


@_line.register
def _(event: ApprovalAsked) -> LogLine:
    return LogLine(event.subject, to_state="asked", reason=f"{event.reason} ({event.by})")


@_line.register
def _(event: ApprovalGiven) -> LogLine:
    return LogLine(event.approval_id, to_state="approved", reason=f"{event.reason} ({event.by})")


@_line.register
def _(event: ApprovalEnded) -> LogLine:
    return LogLine(event.approval_id, to_state="ended", reason=f"{event.why} ({event.by})" if event.by else event.why)


@_line.register
def _(event: CommandAnswered) -> LogLine:
    return LogLine(
        event.verb, to_state=event.outcome, reason=f"{event.reason} ({event.by})" if event.by else event.reason
    )


@_line.register
def _(event: LevelHeld) -> LogLine:
    return LogLine(f"level {event.level}", to_state="held", reason=f"{event.reason} ({event.by})")


@_line.register
def _(event: LevelHoldEnded) -> LogLine:
    return LogLine("level", from_state="held", reason=event.why)


@_line.register
def _(event: Attested) -> LogLine:
    return LogLine(event.item, to_state="attested", reason=f"{event.reason} ({event.by})")


@_line.register
def _(event: AttestationEnded) -> LogLine:
    return LogLine(event.item, from_state="attested", reason=event.why)


@_line.register
def _(event: ThresholdSet) -> LogLine:
    amounts = amount_text(event.before_micros), amount_text(event.minimum_micros)
    return LogLine(f"level {event.level}", *amounts, event.minimum_micros, f"{event.reason} ({event.by})")


@_line.register
def _(event: ThresholdEnded) -> LogLine:
    return LogLine(f"level {event.level}", to_state="plan", amount_micros=event.minimum_micros, reason=event.why)


@_line.register
def _(event: SourcesConfigured) -> LogLine:
    return LogLine("sources", to_state=",".join(event.names) or "stream")


@_line.register
def _(event: JournalRestored) -> LogLine:
    return LogLine("journal", to_state="restored", reason=f"{event.backup}, {event.dropped_events} events left away")


@_line.register
def _(event: JournalMigrated) -> LogLine:
    return LogLine("journal", str(event.from_schema), str(event.to_schema), reason=event.backup)


@_line.register
def _(event: JournalMoved) -> LogLine:
    return LogLine("journal", event.source, event.target, reason=f"moved, epoch {event.epoch}")

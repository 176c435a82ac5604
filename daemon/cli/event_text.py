"""Every event of the journal as one sentence for people; JSON has it whole."""

from __future__ import annotations

from config.calendar import month_text
from config.instants import instant_text
from config.money import amount_text
from daemon.cli.event_text_told import (
    text_of_holds,
    text_of_sources,
    text_of_telling,
    text_of_the_file,
    until_text,
)
from machines import events
from machines.events import Event


def event_text(event: Event) -> str:
    """What happened, in a line."""
    return (
        _of_revenue(event)
        or _of_component(event)
        or _of_dials(event)
        or _of_operators(event)
        or _of_orphans(event)
        or _of_costs(event)
        or text_of_holds(event)
        or text_of_sources(event)
        or text_of_telling(event)
        or text_of_the_file(event)
        or _of_daemon(event)
    )


def _of_revenue(event: Event) -> str:
    match event:
        case events.PaymentsRecorded():
            late = f", {event.late} of them late" if event.late else ""
            return (
                f"{len(event.counted)} payments counted{late}, {event.duplicates} duplicates,"
                f" {event.not_completed} not completed"
            )
        case events.EntryRejected():
            return f"entry {event.entry_id} of {event.stream} rejected: {event.field}: {event.reason}"
        case events.WatermarkReached():
            return f"all payments before {instant_text(event.through)} have been sent"
        case events.MonthClosed():
            return f"{month_text(event.month)} closed by {event.by} at {amount_text(event.revenue_micros)}"
        case events.MonthCorrected():
            return f"{month_text(event.month)} corrected by {amount_text(event.delta_micros)} ({event.payment_id})"
        case events.RevenueMeasured():
            held = "" if event.quality == "good" else f", {event.quality}: {event.reason}"
            return f"MRR {amount_text(event.mrr_micros)} as of {instant_text(event.as_of)}{held}"
        case events.CursorMoved():
            return f"{event.stream} is read on from {event.cursor}: {event.why}"
        case _:
            return ""


def _of_component(event: Event) -> str:
    match event:
        case events.StepIntended():
            over = f", under override {event.override}" if event.override else ""
            return (
                f"{event.component}: {event.step.value} begins, attempt {event.attempt}, {event.from_state.value} to"
                f" {event.to_state.value}, counts {amount_text(event.committed_micros)}{over}"
            )
        case events.StepEnded():
            reason = f": {event.reason}" if event.reason else ""
            return (
                f"{event.component}: {event.step.value} {event.outcome.value}, stands {event.to_state.value},"
                f" counts {amount_text(event.committed_micros)}{reason}"
            )
        case events.IntentAbandoned():
            return f"{event.component}: given up, stands {event.to_state.value}: {event.reason}"
        case events.ComponentParked():
            return f"{event.component}: parked: {event.reason}"
        case events.ComponentUnparked():
            return f"{event.component}: goes on"
        case events.ResourceUnmanaged():
            return f"{event.component}: found {event.observed.value}, not made by solvent"
        case events.ResourceAdopted():
            return f"{event.component}: adopted as {event.to_state.value}"
        case events.ResourceGone():
            return f"{event.component}: the unmanaged resource is gone"
        case events.RepairDropped():
            return f"{event.component}: stays {event.to_state.value} as it was found, nobody wants it repaired any more"
        case events.ComponentDrifted():
            contested = "; a foreign writer keeps undoing the repair" if event.contested else ""
            return f"{event.component}: recorded {event.from_state.value}, found {event.to_state.value}{contested}"
        case events.BreakerChanged():
            return f"breaker {event.breaker} is {event.status.value}" + (f": {event.reason}" if event.reason else "")
        case _:
            return ""


def _of_dials(event: Event) -> str:
    if not isinstance(event, events.DialTurned):
        return ""
    towards = "" if event.share_percent == event.wished_percent else f" towards {event.wished_percent} %"
    return f"{event.component}: turned to {event.share_percent} %{towards}: {'; '.join(event.reasons)}"


def _of_operators(event: Event) -> str:
    match event:
        case events.PinSet():
            return (
                f"{event.component}: pinned {event.state.value}{until_text(event.until)} by {event.by}: {event.reason}"
            )
        case events.PinEnded():
            return f"{event.component}: no longer pinned: {event.why}"
        case events.ResourceNamed():
            what = f"is to adopt {event.resource}" if event.resource else "nothing is to be adopted"
            return f"{event.component}: {what}, says {event.by}: {event.reason}"
        case events.PauseSet():
            return f"paused ({event.scope.value}){until_text(event.until)} by {event.by}: {event.reason}"
        case events.PauseEnded():
            return f"no longer paused: {event.why}"
        case events.ApprovalAsked():
            return f"approval {event.approval_id} asked for {event.subject} by {event.by}: {event.reason}"
        case events.ApprovalGiven():
            return f"approval {event.approval_id} given{until_text(event.until)} by {event.by}: {event.reason}"
        case events.ApprovalEnded():
            return f"approval {event.approval_id} ended: {event.why}"
        case events.CommandAnswered():
            return f"command {event.verb or '?'} {event.outcome}: {event.reason}"
        case _:
            return ""


def _of_orphans(event: Event) -> str:
    match event:
        case events.OrphanFound():
            return f"orphan {event.kind} {event.name}: {event.why}"
        case events.OrphanGone():
            return f"{event.kind} {event.name} is no orphan any more: {event.why}"
        case events.OrphanRemovalAsked():
            return f"{event.kind} {event.name} is to be removed, says {event.by}: {event.reason}"
        case events.OrphanRemoved():
            said = f": {event.reason}" if event.reason else ""
            return f"removal of {event.kind} {event.name} {event.outcome.value}{said}"
        case _:
            return ""


def _of_costs(event: Event) -> str:
    match event:
        case events.CostsAccrued():
            by_component = event.by_component_micros
            return f"{event.day} cost {amount_text(sum(by_component.values()))} by {len(by_component)} components"
        case events.BillRead():
            billed, accrued = sum(event.billed_micros.values()), sum(event.accrued_micros.values())
            estimated = ", an estimate" if event.estimated else ""
            return (
                f"{event.reader} bills {amount_text(billed)} for {event.first_day} to {event.last_day}{estimated};"
                f" accrued {amount_text(accrued)}"
            )
        case events.BudgetReconcileAsked():
            bill = amount_text(event.billed_micros)
            what = f"{month_text(event.month)} is to be set to the bill of {bill}"
            return f"{event.component}: {what}, says {event.by}: {event.reason}"
        case events.BudgetReconciled():
            return f"{event.component}: {reconciled_text(event)}"
        case events.CostAlarmChanged():
            return f"{event.component}: {month_text(event.month)} {event.status} by {event.reader}: {event.reason}"
        case _:
            return ""


def reconciled_text(event: events.BudgetReconciled) -> str:
    """`2026-11 had spent 520.00 and now 580.00: …`, or why not."""
    month = month_text(event.month)
    if event.before_micros is None or event.after_micros is None:
        return f"{month} was not set to the bill, {event.outcome}: {event.reason}"
    return f"{month} had spent {amount_text(event.before_micros)} and now {amount_text(event.after_micros)}"


def _of_daemon(event: Event) -> str:
    match event:
        case events.Started():
            return f"solvent {event.version} started as {event.instance}, {event.mode.value}"
        case events.PlanAdopted():
            return f"plan {event.plan.id} adopted ({event.fingerprint[:12]})"
        case events.FreezeChanged():
            return f"frozen, {event.key}: {event.reason}" if event.frozen else f"no longer frozen, {event.key}"
        case events.ActorParked():
            return f"actor {event.actor} parked: {event.reason}"
        case events.ActorResumed():
            return f"actor {event.actor} goes on"
        case events.LevelDecided():
            decision = event.decision
            moved = f"level {decision.level_before} to {decision.level}"
            what = f"level {decision.level} stays" if decision.level == decision.level_before else moved
            close = instant_text(decision.at) if decision.daily else month_text(decision.month)
            passed = "" if event.actuated else ", passed over by a later close"
            cause = "" if decision.cause == "stay" else f": {decision.cause}"
            return f"{what} at the close of {close}{cause}{passed}"
        case _:
            return type(event).__name__

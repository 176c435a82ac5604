"""What the audit table says of levels, the plan, the daemon itself and its journal."""

from __future__ import annotations

from functools import singledispatch

from adapters.journal_rows.log_lines.line import LogLine
from config.calendar import month_text
from machines.events import (
    ActorParked,
    ActorResumed,
    BreakerChanged,
    JournalMigrated,
    JournalMoved,
    JournalRestored,
    LevelDecided,
    MonthCorrected,
    PlanAdopted,
    SourcesConfigured,
    Started,
)


@singledispatch
def daemon_line(_event: object) -> LogLine | None:
    """A level, a plan, a start, an actor, a breaker or the journal; None for any other event."""
    return None


@daemon_line.register
def _(event: Started) -> LogLine:
    return LogLine(event.instance, to_state=event.mode.value, reason=f"version {event.version}")


@daemon_line.register
def _(event: PlanAdopted) -> LogLine:
    return LogLine(event.plan.id, reason=f"fingerprint {event.fingerprint}")


@daemon_line.register
def _(event: ActorParked) -> LogLine:
    return LogLine(event.actor, to_state="parked", reason=event.reason)


@daemon_line.register
def _(event: ActorResumed) -> LogLine:
    return LogLine(event.actor, from_state="parked")


@daemon_line.register
def _(event: MonthCorrected) -> LogLine:
    return LogLine(month_text(event.month), amount_micros=event.delta_micros, reason=f"payment {event.payment_id}")


@daemon_line.register
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


@daemon_line.register
def _(event: BreakerChanged) -> LogLine:
    return LogLine(event.breaker, to_state=event.status.value, reason=event.reason)


@daemon_line.register
def _(event: SourcesConfigured) -> LogLine:
    return LogLine("sources", to_state=",".join(event.names) or "stream")


@daemon_line.register
def _(event: JournalRestored) -> LogLine:
    return LogLine("journal", to_state="restored", reason=f"{event.backup}, {event.dropped_events} events left away")


@daemon_line.register
def _(event: JournalMigrated) -> LogLine:
    return LogLine("journal", str(event.from_schema), str(event.to_schema), reason=event.backup)


@daemon_line.register
def _(event: JournalMoved) -> LogLine:
    return LogLine("journal", event.source, event.target, reason=f"moved, epoch {event.epoch}")

"""What the audit table says of what operators hold, approve and ask."""

from __future__ import annotations

from functools import singledispatch

from adapters.journal_rows.log_lines.line import LogLine
from config.instants import instant_text
from config.money import amount_text
from machines.events import (
    ApprovalAsked,
    ApprovalEnded,
    ApprovalGiven,
    AttestationEnded,
    Attested,
    CommandAnswered,
    FreezeChanged,
    LevelHeld,
    LevelHoldEnded,
    PauseEnded,
    PauseSet,
    PinEnded,
    PinSet,
    ThresholdEnded,
    ThresholdSet,
)


@singledispatch
def operator_line(_event: object) -> LogLine | None:
    """A wish of an operator, or its end; None for any other event."""
    return None


@operator_line.register
def _(event: FreezeChanged) -> LogLine:
    return LogLine(event.key, to_state="frozen" if event.frozen else "free", reason=event.reason)


@operator_line.register
def _(event: PinSet) -> LogLine:
    return LogLine(event.component, to_state=event.state.value, reason=f"{event.reason} ({event.by})")


@operator_line.register
def _(event: PinEnded) -> LogLine:
    return LogLine(event.component, from_state="pinned", reason=event.why)


@operator_line.register
def _(event: PauseSet) -> LogLine:
    until = "" if event.until is None else f", until {instant_text(event.until)}"
    return LogLine(event.scope.value, to_state="paused", reason=f"{event.reason} ({event.by}){until}")


@operator_line.register
def _(event: PauseEnded) -> LogLine:
    return LogLine("pause", from_state="paused", reason=event.why)


@operator_line.register
def _(event: ApprovalAsked) -> LogLine:
    return LogLine(event.subject, to_state="asked", reason=f"{event.reason} ({event.by})")


@operator_line.register
def _(event: ApprovalGiven) -> LogLine:
    return LogLine(event.approval_id, to_state="approved", reason=f"{event.reason} ({event.by})")


@operator_line.register
def _(event: ApprovalEnded) -> LogLine:
    return LogLine(event.approval_id, to_state="ended", reason=f"{event.why} ({event.by})" if event.by else event.why)


@operator_line.register
def _(event: CommandAnswered) -> LogLine:
    return LogLine(
        event.verb, to_state=event.outcome, reason=f"{event.reason} ({event.by})" if event.by else event.reason
    )


@operator_line.register
def _(event: LevelHeld) -> LogLine:
    return LogLine(f"level {event.level}", to_state="held", reason=f"{event.reason} ({event.by})")


@operator_line.register
def _(event: LevelHoldEnded) -> LogLine:
    return LogLine("level", from_state="held", reason=event.why)


@operator_line.register
def _(event: Attested) -> LogLine:
    return LogLine(event.item, to_state="attested", reason=f"{event.reason} ({event.by})")


@operator_line.register
def _(event: AttestationEnded) -> LogLine:
    return LogLine(event.item, from_state="attested", reason=event.why)


@operator_line.register
def _(event: ThresholdSet) -> LogLine:
    amounts = amount_text(event.before_micros), amount_text(event.minimum_micros)
    return LogLine(f"level {event.level}", *amounts, event.minimum_micros, f"{event.reason} ({event.by})")


@operator_line.register
def _(event: ThresholdEnded) -> LogLine:
    return LogLine(f"level {event.level}", to_state="plan", amount_micros=event.minimum_micros, reason=event.why)

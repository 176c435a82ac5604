"""What operators hold: pins, pauses and approvals, folded from their events."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from machines import events
from machines.events import Pause
from machines.lifecycle_states import ComponentState


class Pin(msgspec.Struct, frozen=True):
    """A component is held in a settled state."""

    state: ComponentState
    until: Instant | None
    reason: str
    by: str


class HeldPause(msgspec.Struct, frozen=True):
    """Moves are held back."""

    scope: Pause
    until: Instant | None
    reason: str
    by: str


class PendingApproval(msgspec.Struct, frozen=True):
    """A move that waits for approval, or has it."""

    subject: str
    reason: str
    asked_by: str
    until: Instant
    exceeds_cap: bool
    approved_by: str = ""


class Operators(msgspec.Struct):
    """Everything that operators hold at this moment."""

    pins: dict[str, Pin] = {}
    pause: HeldPause | None = None
    approvals: dict[str, PendingApproval] = {}

    def approval_for(self, subject: str, *, approved: bool) -> tuple[str, PendingApproval] | None:
        """The live approval of a subject that was (or was not yet) given, with its id."""
        for approval_id, approval in self.approvals.items():
            if approval.subject == subject and bool(approval.approved_by) is approved:
                return approval_id, approval
        return None

    def pauses(self, *, raising: bool) -> HeldPause | None:
        """The pause that holds back moves of this direction."""
        pause = self.pause
        if pause is None:
            return None
        held = pause.scope is Pause.ALL or (pause.scope is Pause.UP) is raising
        return pause if held else None


def fold_operator_event(operators: Operators, event: events.Event) -> None:
    """Fold one of the operators' events; any other is ignored."""
    match event:
        case events.PinSet():
            operators.pins[event.component] = Pin(event.state, event.until, event.reason, event.by)
        case events.PinEnded():
            operators.pins.pop(event.component, None)
        case events.PauseSet():
            operators.pause = HeldPause(event.scope, event.until, event.reason, event.by)
        case events.PauseEnded():
            operators.pause = None
        case events.ApprovalAsked():
            operators.approvals[event.approval_id] = PendingApproval(
                event.subject, event.reason, event.by, event.until, event.exceeds_cap
            )
        case events.ApprovalGiven():
            asked = operators.approvals.get(event.approval_id)
            if asked is not None:
                operators.approvals[event.approval_id] = msgspec.structs.replace(
                    asked, approved_by=event.by, until=event.until
                )
        case events.ApprovalEnded():
            operators.approvals.pop(event.approval_id, None)
        case _:
            pass


def expired(operators: Operators, now: Instant) -> list[events.Event]:
    """The events that undo what has run out by `now`."""
    ended: list[events.Event] = [
        events.PinEnded(component, "expired")
        for component, pin in operators.pins.items()
        if pin.until is not None and pin.until <= now
    ]
    pause = operators.pause
    if pause is not None and pause.until is not None and pause.until <= now:
        ended.append(events.PauseEnded("expired"))
    ended.extend(
        events.ApprovalEnded(approval_id, "expired")
        for approval_id, approval in operators.approvals.items()
        if approval.until <= now
    )
    return ended


def next_expiry(operators: Operators) -> Instant | None:
    """When the next pin, pause or approval runs out."""
    instants = [pin.until for pin in operators.pins.values() if pin.until is not None]
    if operators.pause is not None and operators.pause.until is not None:
        instants.append(operators.pause.until)
    instants.extend(approval.until for approval in operators.approvals.values())
    return min(instants, default=None)

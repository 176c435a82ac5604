"""What operators hold: pins, pauses, a level, thresholds, attestations and approvals, folded from their events."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from machines import events
from machines.events import Pause
from machines.lifecycle_states import ComponentState

EXPIRED = "expired"
"""Why something ended that had a `ttl`."""
COMPONENT = "component:"
"""What the subject of an approval begins with where a pin asked for it."""
HELD_LEVEL = "held-level:"
"""What it begins with where `set-level` asked for it."""


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


class LevelHold(msgspec.Struct, frozen=True):
    """Components are moved towards this level instead of the released one."""

    level: int
    until: Instant | None
    reason: str
    by: str

    @property
    def subject(self) -> str:
        """What a second operator approves where the level costs more than revenue pays for."""
        return f"{HELD_LEVEL}{self.level}"


class Attestation(msgspec.Struct, frozen=True):
    """An operator stands for an item of the plan's checklist."""

    until: Instant | None
    reason: str
    by: str


class HeldThreshold(msgspec.Struct, frozen=True):
    """A level's minimum is another than the plan's."""

    minimum_micros: int
    plan_micros: int
    """The plan's own, which holds again afterwards."""
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
    total_micros: int | None = None
    """What committed and reserved cost may come to under it; None where the question named no amount."""

    def covers(self, total_micros: int) -> bool:
        """Whether a total is within what the approver was shown."""
        return self.total_micros is None or total_micros <= self.total_micros


class Operators(msgspec.Struct):
    """Everything that operators hold at this moment."""

    pins: dict[str, Pin] = {}
    pause: HeldPause | None = None
    approvals: dict[str, PendingApproval] = {}
    level: LevelHold | None = None
    attested: dict[str, Attestation] = {}
    thresholds: dict[int, HeldThreshold] = {}

    def attested_at(self, now: Instant) -> frozenset[str]:
        """The items that operators stand for at `now`, also where the end of one was not recorded yet."""
        return frozenset(item for item, each in self.attested.items() if each.until is None or each.until > now)

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
                event.subject, event.reason, event.by, event.until, event.exceeds_cap, total_micros=event.total_micros
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
            _fold_beside_the_plan(operators, event)


def _fold_beside_the_plan(operators: Operators, event: events.Event) -> None:
    match event:
        case events.LevelHeld():
            operators.level = LevelHold(event.level, event.until, event.reason, event.by)
        case events.LevelHoldEnded():
            operators.level = None
        case events.Attested():
            operators.attested[event.item] = Attestation(event.until, event.reason, event.by)
        case events.AttestationEnded():
            operators.attested.pop(event.item, None)
        case events.ThresholdSet():
            before = operators.thresholds.get(event.level)
            operators.thresholds[event.level] = HeldThreshold(
                event.minimum_micros,
                event.before_micros if before is None else before.plan_micros,
                event.until,
                event.reason,
                event.by,
            )
        case events.ThresholdEnded():
            operators.thresholds.pop(event.level, None)
        case _:
            pass


def withdrawn(operators: Operators, subject: str, why: str, by: str = "") -> list[events.Event]:
    """The end of all approvals of a subject that nobody asks for any more."""
    return [
        events.ApprovalEnded(approval_id, why, by)
        for approval_id, approval in operators.approvals.items()
        if approval.subject == subject
    ]


def level_hold_ended(operators: Operators, why: str) -> list[events.Event]:
    """The end of the held level, and of what was approved for it."""
    if operators.level is None:
        return []
    return [events.LevelHoldEnded(why), *withdrawn(operators, operators.level.subject, "the level is no longer held")]


def expired(operators: Operators, now: Instant) -> list[events.Event]:
    """The events that undo what has run out by `now`."""
    ended: list[events.Event] = []
    for component, pin in operators.pins.items():
        if _over(pin.until, now):
            ended.append(events.PinEnded(component, EXPIRED))
            ended.extend(withdrawn(operators, f"{COMPONENT}{component}", "its pin expired"))
    if operators.pause is not None and _over(operators.pause.until, now):
        ended.append(events.PauseEnded(EXPIRED))
    if operators.level is not None and _over(operators.level.until, now):
        ended.extend(level_hold_ended(operators, EXPIRED))
    for level, threshold in operators.thresholds.items():
        if _over(threshold.until, now):
            ended.append(events.ThresholdEnded(level, threshold.plan_micros, EXPIRED))
    for item, attestation in operators.attested.items():
        if _over(attestation.until, now):
            ended.append(events.AttestationEnded(item, EXPIRED))
    gone = {each.approval_id for each in ended if isinstance(each, events.ApprovalEnded)}
    ended.extend(
        events.ApprovalEnded(approval_id, EXPIRED)
        for approval_id, approval in operators.approvals.items()
        if approval.until <= now and approval_id not in gone
    )
    return ended


def _over(until: Instant | None, now: Instant) -> bool:
    return until is not None and until <= now


def next_expiry(operators: Operators) -> Instant | None:
    """When the next of all that runs out does."""
    ends: list[Instant | None] = [pin.until for pin in operators.pins.values()]
    ends.extend(each.until for each in operators.thresholds.values())
    ends.extend(each.until for each in operators.attested.values())
    ends.extend(each.until for each in (operators.pause, operators.level) if each is not None)
    instants = [end for end in ends if end is not None]
    instants.extend(approval.until for approval in operators.approvals.values())
    return min(instants, default=None)

"""What the log says of each event: a level and a few fields. Money is text; customers and secrets are never in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from config.calendar import month_text
from config.instants import instant_text
from config.money import amount_text
from machines import events
from machines.deciding.facts import Direction
from machines.events import BreakerStatus, Event, RemovalOutcome, StepOutcome
from machines.state.costs import AGREES
from machines.state.notifications import DEAD, DELIVERED

Value = str | int | bool | None
Fields = Mapping[str, Value]

DEBUG, INFO, WARNING, ERROR = "debug", "info", "warning", "error"

_CUSTOMER_FIELDS: Final = frozenset({"customer_id"})
_QUIET: Final = (events.RevenueMeasured, events.CursorMoved, events.SourceHeard)
_WARNINGS: Final = (
    events.EntryRejected,
    events.IntentAbandoned,
    events.ComponentDrifted,
    events.ResourceUnmanaged,
    events.OrphanFound,
    events.PauseSet,
    events.ApprovalAsked,
    events.LevelHeld,
    events.ThresholdSet,
    events.ChannelClosed,
    events.JournalRestored,
)
_ERRORS: Final = (events.ActorParked, events.ComponentParked)


class Line(msgspec.Struct, frozen=True):
    """One line of the log, before anybody writes it."""

    level: str
    fields: Fields


def line_of(event: Event) -> Line:
    """What to say of an event, and how loudly."""
    return Line(_level(event), {key: value for key, value in _fields(event).items() if value not in ("", None)})


def _level(event: Event) -> str:
    match event:
        case events.StepEnded() if event.outcome not in (StepOutcome.DONE, StepOutcome.BEGUN):
            return ERROR if event.outcome is StepOutcome.PERMANENT else WARNING
        case events.OrphanRemoved() if event.outcome in (RemovalOutcome.REFUSED, RemovalOutcome.UNKNOWN):
            return ERROR if event.outcome is RemovalOutcome.REFUSED else WARNING
        case events.FreezeChanged() if event.frozen:
            return ERROR
        case events.LevelDecided() if event.decision.direction is Direction.DOWN:
            return WARNING
        case events.BreakerChanged() if event.status is not BreakerStatus.CLOSED:
            return WARNING
        case events.ComponentDrifted() if event.contested:
            return ERROR
        case events.CostAlarmChanged() if event.status != AGREES:
            return WARNING
        case events.DeliveryEnded() if event.outcome != DELIVERED:
            return ERROR if event.outcome == DEAD else WARNING
        case _:
            pass
    if isinstance(event, _ERRORS):
        return ERROR
    if isinstance(event, _WARNINGS):
        return WARNING
    return DEBUG if isinstance(event, _QUIET) else INFO


def _fields(event: Event) -> Fields:
    match event:
        case events.PlanAdopted():
            return {"plan": event.plan.id, "fingerprint": event.fingerprint}
        case events.PaymentsRecorded():
            return {
                "stream": event.stream,
                "counted": len(event.counted),
                "duplicates": event.duplicates,
                "not_completed": event.not_completed,
                "late": event.late,
                "cursor": event.cursor,
            }
        case events.EntryRejected():
            # The words quote what was found, and that may be a customer.
            reason = "no valid customer" if event.field in _CUSTOMER_FIELDS else event.reason
            return {"stream": event.stream, "entry_id": event.entry_id, "field": event.field, "reason": reason}
        case events.MonthCorrected():
            return {"month": month_text(event.month), "delta": amount_text(event.delta_micros)}
        case events.LevelDecided():
            return _decision_fields(event)
        case events.ResourceUnmanaged():
            return {
                "component": event.component,
                "observed": event.observed.value,
                "resources": len(event.tokens),
                "cost": amount_text(event.committed_micros),
            }
        case events.CostsAccrued():
            micros = event.by_component_micros
            return {
                "day": event.day.isoformat(),
                "cost": amount_text(sum(micros.values())),
                "components": len(micros),
            }
        case events.BillRead():
            return {
                "reader": event.reader,
                "month": month_text(event.month),
                "first_day": event.first_day.isoformat(),
                "last_day": event.last_day.isoformat(),
                "estimated": event.estimated,
                "billed": amount_text(sum(event.billed_micros.values())),
                "accrued": amount_text(sum(event.accrued_micros.values())),
                "unattributed": amount_text(event.unattributed_micros),
            }
        case events.DialTurned():
            return {
                "component": event.component,
                "share_percent": event.share_percent,
                "wished_percent": event.wished_percent,
                "holding": ",".join(rule.value for rule in event.holding),
                "reason": "; ".join(event.reasons),
            }
        case events.BreakerChanged():
            return {"breaker": event.breaker, "status": event.status.value, "reason": event.reason}
        case _:
            return _plain(event)


def _decision_fields(event: events.LevelDecided) -> Fields:
    decision = event.decision
    return {
        "month": month_text(decision.month),
        "to_level": decision.level,
        "from_level": decision.level_before,
        "direction": decision.direction.value,
        "why": decision.cause,
        "measure": amount_text(decision.measure_micros),
        "committed_cost": amount_text(decision.committed_cost_micros),
        "cap": None if decision.cap_micros is None else amount_text(decision.cap_micros),
        "eligible": ",".join(map(str, decision.eligible)),
        "blocked": ",".join(str(each.level) for each in decision.blocked),
        "actuated": event.actuated,
    }


def _plain(event: Event) -> Fields:
    """Every field under its own name: amounts without `_micros` as text, instants as ISO-8601, enums by value."""
    found: dict[str, Value] = {}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name in _RENAMED:
            found[_RENAMED[name]] = value
        elif name.endswith("_micros"):
            found[name.removesuffix("_micros")] = None if value is None else amount_text(value)
        elif name == "month":
            found[name] = month_text(value)
        elif isinstance(value, int) and not isinstance(value, bool) and (name.endswith("_at") or name in _INSTANTS):
            found[name] = instant_text(value)
        elif isinstance(value, tuple):
            found[name] = ",".join(map(str, value))
        else:
            found[name] = getattr(value, "value", value)
    return found


_INSTANTS: Final = frozenset({"as_of", "until", "through", "not_before"})
_RENAMED: Final = {"by": "principal", "why": "reason"}
"""`by` is how a month was closed, or who asked; `why` and `reason` say the same."""

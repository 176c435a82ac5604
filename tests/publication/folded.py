"""A small state, folded from events written by hand: the shipped plan at level 1 of 4, with every sort of trouble."""

from __future__ import annotations

from collections.abc import Sequence

from config.calendar import calendar_of
from config.instants import HOUR, SECOND, Instant, instant_from_text
from config.loading import load_plan
from config.plan import Plan
from machines import events
from machines.deciding.decision import decide
from machines.deciding.facts import DecidedState
from machines.events import CountedPayment, Event, Mode, Recorded, StepOutcome
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.revenue.payments import Interval, Kind
from machines.state.whole import State, fold

BEGAN = instant_from_text("2024-01-01T00:00:00Z")
NOW = instant_from_text("2024-03-02T00:00:00Z")
JANUARY = 2024 * 12
_COLD, _WARMING, _WARM = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM
_ACTIVATING, _HOT = ComponentState.ACTIVATING, ComponentState.HOT


def plan() -> Plan:
    """The shipped plan of the documents."""
    return load_plan("autobroker")


def recorded(sequence: int, event: Event, at: Instant, cause: int | None = None, actor: str = "tester") -> Recorded:
    """An event as the journal would hold it."""
    return Recorded(sequence, at, at, actor, cause, event)


def folded(happened: Sequence[Recorded]) -> State:
    """The state after these events."""
    state = State()
    for each in happened:
        fold(state, each)
    return state


def history() -> list[Recorded]:
    """A start, months of 600 and 650, a decision to level 1, steps in every stage, and what troubles operators."""
    shop = plan()
    found: list[Recorded] = []

    def happens(event: Event, text: str, cause: int | None = None, actor: str = "tester") -> int:
        found.append(recorded(len(found) + 1, event, instant_from_text(text), cause, actor))
        return len(found)

    happens(events.Started("solvent", "0.1.0", Mode.ACT), "2024-01-01T00:00:00Z", actor="boot")
    happens(events.PlanAdopted(shop, "f" * 64), "2024-01-01T00:00:00Z", actor="boot")
    for event, text in _revenue_events():
        happens(event, text, actor="revenue")
    decided = happens(_decision(shop, found), "2024-03-01T00:00:01Z", actor="planner")
    for event, text in _component_events():
        happens(event, text, decided, "supervisor")
    for event, text in _operator_events():
        happens(event, text)
    return found


def paid(payment_id: str, units: int, text: str) -> CountedPayment:
    """A monthly payment of whole units."""
    return CountedPayment(payment_id, Kind.PAYMENT, units * 1_000_000, instant_from_text(text), Interval.MONTH)


def _revenue_events() -> list[tuple[Event, str]]:
    heard = instant_from_text("2024-03-01T00:00:00Z")
    counted = (
        paid("p-1", 600, "2024-01-05T00:00:00Z"),
        paid("p-2", 650, "2024-02-05T00:00:00Z"),
        paid("p-3", 40, "2024-03-05T00:00:00Z"),
    )
    measured = events.RevenueMeasured(heard, 650_000_000, 650_000_000, JANUARY + 2, 0, "good", "", 650_000_000)
    rejected = events.EntryRejected(
        "payments", "5-0", "amount", "expected an amount", '{"payment_id":"p-9","amount":"x"}'
    )
    return [
        (
            events.PaymentsRecorded("payments", "4-0", heard, counted, duplicates=2, not_completed=1),
            "2024-03-01T00:00:00Z",
        ),
        (rejected, "2024-03-01T00:00:00Z"),
        (events.WatermarkReached("payments", "6-0", heard, heard), "2024-03-01T00:00:00Z"),
        (
            events.MonthClosed(JANUARY, "watermark", 600_000_000, 600_000_000, 600_000_000, 600_000_000),
            "2024-03-01T00:00:00Z",
        ),
        (
            events.MonthClosed(JANUARY + 1, "watermark", 650_000_000, 650_000_000, 650_000_000, 650_000_000),
            "2024-03-01T00:00:00Z",
        ),
        (measured, "2024-03-01T00:00:00Z"),
    ]


def _decision(shop: Plan, before: Sequence[Recorded]) -> Event:
    book = folded(before).revenue.book
    assert calendar_of(shop.timezone).end_of(JANUARY + 1) == instant_from_text("2024-03-01T00:00:00Z")
    return events.LevelDecided(decide(shop, book.figures(shop.policies.revenue), DecidedState()))


def _intended(component: str, step: Step, *, cost: int, attempt: int = 1) -> Event:
    from_state, to_state = (_COLD, _WARMING) if step is Step.WARM else (_WARM, _ACTIVATING)
    deadline_at = instant_from_text("2024-03-01T01:00:00Z")
    cap = 585_000_000
    return events.StepIntended(
        component, step, f"t-{component}", 1, from_state, to_state, cost * 1_000_000, deadline_at, attempt, "", cap, cap
    )


def _ended(component: str, step: Step, outcome: StepOutcome, *, cost: int) -> Event:
    from_state, done = (_WARMING, _WARM) if step is Step.WARM else (_ACTIVATING, _HOT)
    to_state = done if outcome is StepOutcome.DONE else from_state
    reason = "" if outcome is StepOutcome.DONE else "no answer"
    return events.StepEnded(component, step, f"t-{component}", outcome, from_state, to_state, cost * 1_000_000, reason)


def _component_events() -> list[tuple[Event, str]]:
    done, unknown = StepOutcome.DONE, StepOutcome.AMBIGUOUS
    return [
        (_intended("rds_single", Step.WARM, cost=0), "2024-03-01T00:00:02Z"),
        (_ended("rds_single", Step.WARM, done, cost=0), "2024-03-01T00:00:05Z"),
        (_intended("rds_single", Step.ACTIVATE, cost=150), "2024-03-01T00:00:06Z"),
        (_ended("rds_single", Step.ACTIVATE, done, cost=150), "2024-03-01T00:02:06Z"),
        (_intended("alb", Step.WARM, cost=20), "2024-03-01T00:00:06Z"),
        (_ended("alb", Step.WARM, unknown, cost=20), "2024-03-01T00:05:06Z"),
        (events.ComponentParked("alb", "no answer for an hour"), "2024-03-01T01:00:06Z"),
        (events.ResourceUnmanaged("waf", ResourceState.HOT, ("x",), 50_000_000), "2024-03-01T01:00:06Z"),
    ]


def _operator_events() -> list[tuple[Event, str]]:
    opened = instant_from_text("2024-03-01T00:05:06Z")
    return [
        (
            events.BreakerChanged("component:alb", events.BreakerStatus.OPEN, (opened,), opened, 30),
            "2024-03-01T00:05:06Z",
        ),
        (events.FreezeChanged("clock", frozen=True, reason="the wall clock jumped"), "2024-03-01T02:00:00Z"),
        (events.PinSet("hume_ai_budget", _COLD, None, "too dear", "night"), "2024-03-01T03:00:00Z"),
        (events.PauseSet(events.Pause.UP, NOW + HOUR, "migration", "night"), "2024-03-01T03:00:00Z"),
        (events.ApprovalAsked("a-1", "level:2", "costs more", "night", NOW + HOUR), "2024-03-01T03:00:00Z"),
        (events.CommandAnswered("commands", "9-0", "pin", "done", "pinned", "night"), "2024-03-01T03:00:00Z"),
        (events.ComponentDrifted("ecr_storage", _COLD, _HOT, ResourceState.HOT, 10 * SECOND), "2024-03-01T04:00:00Z"),
    ]

"""Journals told by hand: the small ladder plan, and an auditor that listens."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.calendar import calendar_of
from config.instants import HOUR, instant_from_text
from config.plan import Plan
from machines import events
from machines.breaker import BreakerLimits
from machines.deciding.decision import decide
from machines.deciding.facts import DecidedState, Decision
from machines.events import Recorded, StepOutcome
from machines.granting import GrantLimits
from machines.invariants import Auditor, Finding
from machines.lifecycle_states import ComponentState, Step
from machines.revenue.payments import Interval, Kind
from tests.simulation.ladder import ladder

NOW: Final = instant_from_text("2026-01-01T00:00:00Z")
PLAN: Final = ladder()
LIMITS: Final = GrantLimits(3_600, BreakerLimits())


class Telling:
    """Tells events one after the other and keeps what the auditor says of them."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.auditor = Auditor()
        self.found: list[Finding] = []
        self.tell(events.Started("solvent", "0", events.Mode.ACT), events.PlanAdopted(plan, "fingerprint"))

    def tell(self, *told: events.Event, cause: int | None = None) -> None:
        """The next events."""
        for event in told:
            sequence = self.auditor.state.sequence + 1
            self.found.extend(self.auditor.feed(Recorded(sequence, NOW, NOW, "test", cause, event)))

    def decision(self, decided: DecidedState | None = None) -> Decision:
        """What the closed months decide."""
        state = self.auditor.state
        plan = state.plan or PLAN
        return decide(plan, state.revenue.book.figures(plan.policies.revenue), decided or state.deciding.decided)

    def decide(self, *, cause: int | None = None, **changes: Any) -> None:
        """Record what the closed months decide, with these changes."""
        decision = msgspec.structs.replace(self.decision(), **changes)
        self.tell(events.LevelDecided(decision), cause=cause)

    def ended(self, component: str, to_state: ComponentState, committed_micros: int) -> events.StepEnded:
        """The good end of the component's open intent."""
        record = self.auditor.state.components.of(component)
        assert record.intent is not None
        return events.StepEnded(
            component=component,
            step=record.intent.step,
            token=record.token,
            outcome=StepOutcome.DONE,
            from_state=record.state,
            to_state=to_state,
            committed_micros=committed_micros,
        )


def intent(
    component: str, step: Step, from_state: ComponentState, to_state: ComponentState, committed_micros: int
) -> events.StepIntended:
    """An intent as the supervisor records it."""
    return events.StepIntended(
        component=component,
        step=step,
        token="sv" + "x" * 30,
        generation=1,
        from_state=from_state,
        to_state=to_state,
        committed_micros=committed_micros,
        deadline_at=NOW + HOUR,
    )


def closed_month(plan: Plan, month: int, micros: int) -> tuple[events.Event, ...]:
    """One payment, and the close of its month."""
    at = calendar_of(plan.timezone).start_of(month) + HOUR
    payment = events.CountedPayment(str(month), Kind.PAYMENT, micros, at, Interval.MONTH)
    return (
        events.PaymentsRecorded("payments", f"{month}-0", NOW, (payment,)),
        events.MonthClosed(month, "watermark", micros, 0, micros, micros),
    )

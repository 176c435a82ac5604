"""The daemon's events as lines for a person: months, decisions, permits, and components as they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from config.calendar import Month, month_text
from config.plan import Plan
from daemon.demo.wording import committed_when_settled, level_text, money, one_off, ratio_text, why
from machines import events
from machines.deciding.facts import Decision, Direction
from machines.events import Recorded, StepOutcome
from machines.granting import cap_of
from machines.lifecycle_states import RAISING, SETTLED, ComponentState
from machines.moving import wanted_states
from machines.revenue.payments import Payment
from machines.state.whole import State

HEADER: Final = f"{'month':<8}{'revenue':>12}{'MRR':>12}  {'level':<14}{'cost':>11}{'ratio':>9}  decided"
INDENT: Final = " " * 8


class Line(msgspec.Struct, frozen=True):
    """One line of the screen; `kind` chooses its colour."""

    kind: str
    """`month`, `up`, `down`, `rising`, `falling`, `note`, `warning`, `title`, `command` or `plain`."""
    text: str


class _Journey:
    __slots__ = ("cost_before_micros", "states")

    def __init__(self, state: ComponentState, cost_before_micros: int) -> None:
        self.states = [state]
        self.cost_before_micros = cost_before_micros


class Narrator:
    """Turns recorded events into lines. The state it reads has these events folded already."""

    def __init__(self, plan: Plan, state: State, largest: Mapping[Month, Payment]) -> None:
        """`largest` is the largest payment of each month."""
        self.transitions = 0
        self.permits = 0
        """Raising steps that were granted since the newest decision."""
        self._plan = plan
        self._state = state
        self._largest = largest
        self._closed: dict[Month, events.MonthClosed] = {}
        self._journeys: dict[str, _Journey] = {}
        self._costs: dict[str, int] = {}

    def tell(self, recorded: Recorded) -> Sequence[Line]:
        """The lines that an event deserves; most deserve none."""
        event = recorded.event
        match event:
            case events.MonthClosed():
                self._closed[event.month] = event
            case events.LevelDecided():
                return self._decided(event.decision)
            case events.StepIntended():
                self.permits += event.step in RAISING
                return self._moved(event.component, event.from_state, event.to_state, event.committed_micros)
            case events.StepEnded(outcome=StepOutcome.DONE):
                return self._moved(event.component, event.from_state, event.to_state, event.committed_micros)
            case events.IntentAbandoned() | events.ComponentDrifted() | events.RepairDropped():
                return self._moved(event.component, event.from_state, event.to_state, event.committed_micros)
            case _:
                return _said(event)
        return ()

    def settled(self) -> Sequence[Line]:
        """What stands once everything has moved that was to move after a close."""
        if not self.permits:
            return ()
        granted, self.permits = self.permits, 0
        committed = self._state.components.committed_micros
        cap = "the floor is exempt" if self._state.deciding.decision is None else f"cap {money(cap_of(self._state))}"
        text = f"{INDENT}{granted} permits granted; committed cost {money(committed)} a month, {cap}"
        return (Line("note", text),)

    def _decided(self, decision: Decision) -> Sequence[Line]:
        plan = self._plan
        if decision.daily:
            return (Line("down", f"{INDENT}within {month_text(decision.month)}: {why(plan, decision)}"),)
        closed = self._closed.pop(decision.month, None)
        cost = committed_when_settled(plan, self._state)
        revenue = "-" if closed is None else money(closed.revenue_micros)
        mrr = "-" if closed is None else money(closed.trailing_micros)
        row = (
            f"{month_text(decision.month):<8}{revenue:>12}{mrr:>12}  {level_text(plan, decision.level):<14}"
            f"{money(cost):>11}{ratio_text(cost, decision.measure_micros):>9}  {why(plan, decision)}"
        )
        kind = {Direction.UP: "up", Direction.DOWN: "down", Direction.STAY: "month"}[decision.direction]
        bought_nothing = one_off(plan, decision, self._largest.get(decision.month))
        return (Line(kind, row), *([Line("warning", f"{INDENT}{bought_nothing}")] if bought_nothing else ()))

    def _moved(
        self, component: str, before: ComponentState, after: ComponentState, committed_micros: int
    ) -> Sequence[Line]:
        """A component's whole way in one line, once it has arrived where it is wanted."""
        journey = self._journeys.get(component)
        if journey is None:
            journey = self._journeys[component] = _Journey(before, self._costs.get(component, 0))
        if journey.states[-1] is not after:
            journey.states.append(after)
            self.transitions += 1
        self._costs[component] = committed_micros
        wanted = wanted_states(self._plan, self._state).get(component)
        intent = self._state.components.of(component).intent
        if after not in SETTLED or intent is not None or after is not wanted:
            return ()
        del self._journeys[component]
        if len(journey.states) == 1:
            return ()
        difference = committed_micros - journey.cost_before_micros
        way = " → ".join(state.value for state in journey.states)
        cost = f"  {'+' if difference > 0 else ''}{money(difference)} a month" if difference else ""
        rising = after is ComponentState.HOT or (after is ComponentState.WARM and journey.states[0] is not _HOT)
        return (Line("rising" if rising else "falling", f"{INDENT}{component:<26}{way}{cost}"),)


_HOT: Final = ComponentState.HOT


def _said(event: events.Event) -> Sequence[Line]:
    """Events that are a sentence by themselves."""
    match event:
        case events.FreezeChanged():
            if event.key == "streams_away" and not event.frozen:
                return ()
            text = f"all is held: {event.reason}" if event.frozen else f"no longer held ({event.key})"
            return (Line("warning" if event.frozen else "note", f"{INDENT}{text}"),)
        case events.StepEnded():
            answer = f"{event.component}: {event.step.value} was answered {event.outcome.value}: {event.reason}"
            return (Line("warning", f"{INDENT}{answer}"),)
        case events.ComponentParked():
            return (Line("warning", f"{INDENT}{event.component} is parked: {event.reason}"),)
        case events.ActorParked():
            return (Line("warning", f"{INDENT}the actor {event.actor} is parked: {event.reason}"),)
        case events.EntryRejected():
            return (Line("warning", f"{INDENT}rejected entry {event.entry_id}: {event.field}: {event.reason}"),)
        case events.ApprovalAsked():
            return (Line("warning", f"{INDENT}permit refused, approval asked for {event.subject}: {event.reason}"),)
        case events.MonthCorrected():
            text = f"{event.payment_id} came after {month_text(event.month)} had closed: counted for later decisions"
            return (Line("note", f"{INDENT}{text}"),)
        case _:
            return ()

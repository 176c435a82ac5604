"""I8: no level rises before its debounce; none falls on an unknown reading."""

from __future__ import annotations

from typing import Final

from config.calendar import month_text
from machines.deciding.decision import decide, decide_day
from machines.deciding.facts import Decision, Direction
from machines.events import LevelDecided, MonthCorrected, PlanAdopted, Recorded, ThresholdEnded, ThresholdSet
from machines.invariants.finding import Finding
from machines.judging import history_months
from machines.state.whole import State

_CHANGING_FACTS: Final[frozenset[type]] = frozenset({MonthCorrected, PlanAdopted, ThresholdSet, ThresholdEnded})
"""After one of these an earlier judgement may look different."""


class Levels:
    """Decides anew from the recorded facts, and compares."""

    def __init__(self) -> None:
        self._facts_changed_at = 0
        """The newest event that may make an earlier judgement look different."""

    def check(self, state: State, recorded: Recorded) -> list[Finding]:
        """A decision that the facts do not bear out; `state` is the one before."""
        event, sequence = recorded.event, recorded.sequence
        if type(event) in _CHANGING_FACTS:
            self._facts_changed_at = sequence
        if type(event) is not LevelDecided:
            return []
        decision = event.decision
        if state.frozen and decision.direction is not Direction.STAY:
            text = f"it moves to level {decision.level} while readings are unknown: {state.frozen}"
            return [Finding("I8", text, sequence)]
        if recorded.cause is not None and recorded.cause < self._facts_changed_at:
            return []  # a payment that came late, between the judgement and its recording
        expected = _decided_anew(state, decision)
        if isinstance(expected, str):
            return [Finding("I8", expected, sequence)]
        if (expected.level, expected.direction) != (decision.level, decision.direction):
            text = (
                f"the facts of {month_text(decision.month)} decide level {expected.level} ({expected.cause}),"
                f" recorded is {decision.level} ({decision.cause})"
            )
            return [Finding("I8", text, sequence)]
        return []


def _decided_anew(state: State, decision: Decision) -> Decision | str:
    """The decision that the facts before it ask for, or why there can be none."""
    plan, book, decided = state.plan, state.revenue.book, state.deciding.decided
    if plan is None:
        return "a level was decided without a plan"
    unheard = [each for each in plan.checklist if each not in (*decision.unattested, *state.operators.attested)]
    if unheard and not decision.daily:
        return f"it counts as attested what nobody attests: {', '.join(unheard)}"
    last = (book.closed_through or 0) - decision.month + history_months(plan)
    months = [each for each in book.figures(plan.policies.revenue, last) if each.month <= decision.month]
    if decision.daily:
        trailing = book.trailing_micros(decision.at, plan.policies.revenue)
        if trailing is None:
            return "a day was judged whose revenue is unknown"
        closed = tuple(each for each in months if each.month < decision.month)
        return decide_day(plan, closed, decision.at, trailing, decided)
    if not months or months[-1].month != decision.month:
        return f"{month_text(decision.month)} was judged, but it is not closed"
    return decide(plan, months, decided, [each for each in plan.checklist if each not in decision.unattested])

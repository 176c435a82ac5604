"""Judging what closed since the last decision: the same fold for a live close, a long import and a resumed daemon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from config.calendar import Calendar, calendar_of, month_text
from config.instants import Instant
from config.money import amount_text
from config.plan import Plan
from config.policies import RollbackAfter
from config.triggers import longest_for_months
from machines.deciding.decision import after, decide, decide_day
from machines.deciding.facts import DecidedState, Decision, Direction
from machines.deciding.ratio import above
from machines.revenue.book import RevenueBook
from machines.state.whole import State

MEAN_MONTHS = 3
"""The mean of `safety.ratio_months: average_3` looks at so many measures."""


def history_months(plan: Plan) -> int:
    """How many closed months a decision of this plan can look at: its longest debounce, or the three-month mean."""
    trees = [tree for level in plan.levels for tree in (level.trigger, level.hold) if tree is not None]
    return max(MEAN_MONTHS, *(longest_for_months(tree) for tree in trees)) if trees else MEAN_MONTHS


def undecided(state: State, days_through: Instant, now: Instant = 0) -> list[Decision]:
    """The decisions that are due, oldest first: each closed month's, and with `rollback.after: daily` each fall at a
    day's end up to `days_through`. Days that change nothing are not listed, and none is judged before the close of the
    month in front of it. A close is judged by what operators attest at `now`, which is when it is judged.
    """
    plan, book = state.plan, state.revenue.book
    if plan is None or book.first_month is None:
        return []
    decided = state.deciding.decided
    attested = state.operators.attested_at(now)
    found: list[Decision] = []
    calendar = calendar_of(plan.timezone)
    judged_through = _judged_through(state, calendar)
    first = book.first_month if decided.decided_through is None else decided.decided_through + 1
    for month in range(first, (book.closed_through or first - 1) + 1):
        end = calendar.end_of(month)
        for decision in _days(plan, book, decided, calendar, since=judged_through, through=end - 1):
            found.append(decision)
            decided = after(decision, decided)
        months = tuple(
            each
            for each in book.figures(plan.policies.revenue, _last(book, month, history_months(plan)))
            if each.month <= month
        )
        decision = decide(plan, months, decided, attested)
        found.append(decision)
        decided = after(decision, decided)
        judged_through = end
    through = _days_judged_through(state, calendar, days_through)
    for decision in _days(plan, book, decided, calendar, since=judged_through, through=through):
        found.append(decision)
        decided = after(decision, decided)
    return found


def _days_judged_through(state: State, calendar: Calendar, known_through: Instant) -> Instant:
    """How far days may be judged, short of the end of the month that closes next: its last day is its close.

    The days behind it wait for that close, or a fall would come before the decision that it stands on. Where an
    import's next month ended before anything was heard, only what the import vouches for is known: what lies between
    a file's end and the first word of the live source is unknown, not zero (decision 3).
    """
    revenue = state.revenue
    following = revenue.book.next_month
    if following is None:
        return known_through
    closes_at = calendar.end_of(following)
    if revenue.first_heard_at is not None and closes_at <= revenue.first_heard_at:
        known_through = min(known_through, revenue.known_through or 0)
    return min(known_through, closes_at - 1)


def overtaken_hold(state: State, decisions: Sequence[Decision]) -> str:
    """Why the last of these closes ends the held level, "" where it does not: nothing keeps what the hard ratio takes.

    What a second operator approved above the cap, with open eyes, stays until that approval runs out.
    """
    plan, held = state.plan, state.operators.level
    decision = next((each for each in reversed(decisions) if not each.daily), None)
    if plan is None or held is None or decision is None or state.target_level <= decision.level:
        return ""
    limit, cost = plan.policies.safety.hard_ratio, plan.level_cost_micros(state.target_level)
    if limit is None or cost is None or not above(cost, decision.measure_micros, limit):
        return ""
    approvals = [each for each in state.operators.approvals.values() if each.subject == held.subject]
    if any(each.approved_by and each.exceeds_cap and each.covers(cost) for each in approvals):
        return ""
    return (
        f"hard ratio: level {state.target_level} costs {amount_text(cost)} a month, above {limit} of the"
        f" {amount_text(decision.measure_micros)} that {month_text(decision.month)} closed at"
    )


def _last(book: RevenueBook, month: int, history: int) -> int:
    """How many of the newest closed months are needed to see enough history behind `month`."""
    return (book.closed_through or month) - month + history


def _judged_through(state: State, calendar: Calendar) -> Instant:
    """Until when days were judged: the last decision's close or, without one, the beginning."""
    decision = state.deciding.decision
    if decision is not None:
        return decision.at
    assert state.revenue.book.first_month is not None
    return calendar.start_of(state.revenue.book.first_month)


def _days(
    plan: Plan, book: RevenueBook, decided: DecidedState, calendar: Calendar, *, since: Instant, through: Instant
) -> Iterator[Decision]:
    """The falls at the ends of the days in `(since, through]`."""
    if plan.policies.rollback.after is not RollbackAfter.DAILY or since >= through:
        return
    day = calendar.day_of(since)
    while (end := calendar.day_end(day)) <= through:
        day += timedelta(days=1)
        if decided.level == 0:
            continue
        trailing = book.trailing_micros(end, plan.policies.revenue)
        if end <= since or trailing is None:
            continue
        months = book.figures(plan.policies.revenue, _last(book, calendar.month_of(end - 1), history_months(plan) + 1))
        closed = tuple(each for each in months if calendar.end_of(each.month) <= end)
        decision = decide_day(plan, closed, end, trailing, decided)
        if decision.direction is Direction.DOWN:
            yield decision
            decided = after(decision, decided)

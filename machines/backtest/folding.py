"""The backtest itself: count the file, then judge every complete month's close with the machines that run live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from config.calendar import Calendar, Month, calendar_of
from config.instants import Instant
from config.money import divided_half_even
from config.plan import Plan
from config.policies import Measure, RollbackAfter
from machines.backtest.counting import CountedFile, Row, counted_file
from machines.backtest.report import BacktestReport, MonthReport, Totals
from machines.backtest.standing import Standing
from machines.deciding.decision import after, decide, decide_day
from machines.deciding.facts import ClosedMonth, DecidedState, Decision, Direction

NOTHING: Final[Mapping[str, Instant]] = MappingProxyType({})
"""No item is attested: a file of payments says nothing of them."""


def backtest(
    plan: Plan, rows: Iterable[Row], until: Instant | None = None, attested: Mapping[str, Instant] = NOTHING
) -> BacktestReport:
    """What the plan would have decided on these payments, month by month.

    The file is trusted: nothing freezes, approvals are taken as given, components move in no time. With `until` the
    file is complete before that instant and later payments are held; without it a month is complete when a later month
    has a counted payment. `attested` says from when on which items of the checklist count as attested.
    """
    by_day = plan.policies.rollback.after is RollbackAfter.DAILY
    file = counted_file(plan, rows, until, by_day=by_day)
    months = _complete_months(file, calendar_of(plan.timezone), until)
    fold = _Fold(plan, file, months, attested)
    for month in months:
        fold.month(month)
    return fold.report()


def _complete_months(file: CountedFile, calendar: Calendar, until: Instant | None) -> range:
    """The months to list, from that of the first counted payment to the last complete one."""
    first = file.book.first_month
    if first is None or file.last_at is None:
        return range(0)
    # `until` is the first instant that the file says nothing about, hence its month is not complete.
    incomplete = calendar.month_of(file.last_at if until is None else until)
    return range(first, incomplete)


class _Fold:
    """The closes so far: what was decided, what stands, and what it has cost."""

    def __init__(self, plan: Plan, file: CountedFile, months: range, attested: Mapping[str, Instant]) -> None:
        self._plan = plan
        self._file = file
        self._attested = attested
        self._calendar = calendar_of(plan.timezone)
        self._state = DecidedState()
        self._standing = Standing(plan, self._calendar.start_of(months.start)) if months else None
        self._closed: list[ClosedMonth] = []
        self._reports: list[MonthReport] = []
        self._decisions: list[Decision] = []
        self._cost = Fraction(0)

    def month(self, month: Month) -> None:
        """Live through one month: its days where they are judged, the cost it accrues, and its close."""
        starts_at, ends_at = self._calendar.start_of(month), self._calendar.end_of(month)
        accrued_to = starts_at
        for day_ends_at in self._judged_days(starts_at, ends_at):
            decision = self._decide_day(day_ends_at)
            if decision is not None and decision.direction is Direction.DOWN:
                self._accrue(accrued_to, day_ends_at, ends_at - starts_at)
                accrued_to = day_ends_at
                self._apply(decision)
        self._accrue(accrued_to, ends_at, ends_at - starts_at)
        self._file.book.close(month, self._calendar)
        self._closed.append(self._file.book.month_figures(month, self._plan.policies.revenue))
        attested = [item for item, since in self._attested.items() if since < ends_at]
        decision = decide(self._plan, self._closed, self._state, attested)
        self._apply(decision)
        self._reports.append(self._month_report(decision))

    def report(self) -> BacktestReport:
        """All that was found."""
        plan = self._plan
        top = len(plan.levels) - 1
        # A part without a price cannot be added up: the top level is then dearer than what stands here.
        parts = (plan.components[each].monthly_cost_micros for each in plan.levels[top].components)
        always_on = sum(cost or 0 for cost in parts) * len(self._reports)
        return BacktestReport(
            plan=plan.id,
            currency=plan.currency,
            payments=self._file.counts,
            months=tuple(self._reports),
            transitions=tuple(self._standing.transitions) if self._standing is not None else (),
            totals=Totals(divided_half_even(self._cost.numerator, self._cost.denominator), always_on),
            rejections=self._file.rejections,
            decisions=tuple(self._decisions),
        )

    def _judged_days(self, starts_at: Instant, ends_at: Instant) -> Iterable[Instant]:
        """The days' ends inside a month with `rollback.after: daily`; the last day's is the close, judged as one."""
        if self._plan.policies.rollback.after is not RollbackAfter.DAILY:
            return
        day_ends_at = self._calendar.day_end(self._calendar.day_of(starts_at))
        while day_ends_at < ends_at and self._state.level > 0:
            yield day_ends_at
            day_ends_at = self._calendar.day_end(self._calendar.day_of(day_ends_at))

    def _decide_day(self, day_ends_at: Instant) -> Decision | None:
        trailing = self._file.book.trailing_micros(day_ends_at, self._plan.policies.revenue)
        if trailing is None:  # unknown never demotes
            return None
        return decide_day(self._plan, self._closed, day_ends_at, trailing, self._state)

    def _apply(self, decision: Decision) -> None:
        assert self._standing is not None
        self._decisions.append(decision)
        self._state = after(decision, self._state)
        self._standing.apply(decision)

    def _accrue(self, start: Instant, end: Instant, month_length: int) -> None:
        """Cost accrues per second, as a share of its calendar month."""
        assert self._standing is not None
        self._cost += Fraction(self._standing.cost_micros * (end - start), month_length)

    def _month_report(self, decision: Decision) -> MonthReport:
        assert self._standing is not None
        trailing = self._plan.policies.revenue.measure is Measure.TRAILING_30D
        measures = [each.trailing_micros if trailing else each.revenue_micros for each in self._closed[-3:]]
        return MonthReport(
            month=decision.month,
            revenue_micros=self._closed[-1].revenue_micros,
            mrr_micros=self._closed[-1].trailing_micros,
            measure_micros=decision.measure_micros,
            sum_3m_micros=sum(measures) if len(measures) == 3 else None,
            previous_micros=measures[-2] if len(measures) > 1 else None,
            level=decision.level,
            level_id=self._plan.levels[decision.level].id,
            eligible=decision.eligible,
            blocked=decision.blocked,
            committed_micros=self._standing.cost_micros,
        )

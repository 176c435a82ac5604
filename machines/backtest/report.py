"""What a backtest says, and its JSON: key for key the published interface."""

from __future__ import annotations

from typing import Any

import msgspec

from config.calendar import Month, month_text
from config.instants import Instant, instant_text
from config.money import MICROS_PER_UNIT, amount_text, quotient_text
from machines.deciding.facts import Blocked, Decision
from machines.lifecycle_states import ComponentState


class PaymentCounts(msgspec.Struct, frozen=True):
    """What became of the rows; the five kinds add up to `read`."""

    read: int
    counted: int
    duplicates: int
    not_completed: int
    held_future: int
    rejected: int


class MonthReport(msgspec.Struct, frozen=True):
    """One complete month and what was decided at its close. Amounts are micros of the plan's currency."""

    month: Month
    revenue_micros: int
    mrr_micros: int
    """The trailing figure at the close."""
    measure_micros: int
    """The one of the two that decides."""
    sum_3m_micros: int | None
    """The sum of three measures, whose third is `average_3m`; None below three months (RESOLUTIONS 15)."""
    previous_micros: int | None
    """The previous month's measure; None for the first month."""
    level: int
    level_id: str
    eligible: tuple[int, ...]
    blocked: tuple[Blocked, ...]
    committed_micros: int

    @property
    def average_3m(self) -> str | None:
        """The mean of three measures, six decimals."""
        return None if self.sum_3m_micros is None else quotient_text(self.sum_3m_micros, 3 * MICROS_PER_UNIT)

    @property
    def growth(self) -> str | None:
        """The change since the previous measure as a share of it, six decimals; None where that was <= 0."""
        if self.previous_micros is None or self.previous_micros <= 0:
            return None
        return quotient_text(self.measure_micros - self.previous_micros, self.previous_micros)

    @property
    def cost_ratio(self) -> str | None:
        """Committed cost / measure, six decimals; None where the measure is <= 0 (RESOLUTIONS 9)."""
        return quotient_text(self.committed_micros, self.measure_micros) if self.measure_micros > 0 else None


class Transition(msgspec.Struct, frozen=True):
    """One legal lifecycle move of one component."""

    at: Instant
    component: str
    from_state: ComponentState
    to_state: ComponentState
    cause: str


class Totals(msgspec.Struct, frozen=True):
    """Micros over all listed months: what was accrued, and what the top level would have cost throughout."""

    cost_micros: int
    cost_always_on_micros: int

    @property
    def saved_micros(self) -> int:
        """What was not spent."""
        return self.cost_always_on_micros - self.cost_micros


class Rejection(msgspec.Struct, frozen=True):
    """A row that could not be counted: its line in the file, the field that is wrong, and why."""

    row_number: int
    field: str
    reason: str


class BacktestReport(msgspec.Struct, frozen=True):
    """All that a backtest found."""

    plan: str
    currency: str
    payments: PaymentCounts
    months: tuple[MonthReport, ...]
    transitions: tuple[Transition, ...]
    totals: Totals
    rejections: tuple[Rejection, ...] = ()
    """The first rejected rows, for people; `payments.rejected` counts all."""
    decisions: tuple[Decision, ...] = ()
    """Every close's decision and every fall at a day's end, in order: what a live daemon records as `LevelDecided`."""


def report_json(report: BacktestReport) -> str:
    """The report as one JSON object in the published shape: amounts exact, quotients with six decimals."""
    totals = report.totals
    return msgspec.json.encode(
        {
            "plan": report.plan,
            "currency": report.currency,
            "payments": msgspec.to_builtins(report.payments),
            "months": [_month(each) for each in report.months],
            "transitions": [_transition(each) for each in report.transitions],
            "totals": {
                "cost": amount_text(totals.cost_micros),
                "cost_always_on": amount_text(totals.cost_always_on_micros),
                "saved": amount_text(totals.saved_micros),
            },
        }
    ).decode()


def _month(month: MonthReport) -> dict[str, Any]:
    return {
        "month": month_text(month.month),
        "revenue": amount_text(month.revenue_micros),
        "mrr": amount_text(month.mrr_micros),
        "average_3m": month.average_3m,
        "growth": month.growth,
        "level": month.level,
        "level_id": month.level_id,
        "eligible": list(month.eligible),
        "blocked": [
            {"level": each.level, "reason": each.reason, "missing": amount_text(each.missing_micros)}
            for each in month.blocked
        ],
        "committed_cost": amount_text(month.committed_micros),
        "cost_ratio": month.cost_ratio,
    }


def _transition(transition: Transition) -> dict[str, str]:
    return {
        "at": instant_text(transition.at),
        "component": transition.component,
        "from": transition.from_state.value,
        "to": transition.to_state.value,
        "cause": transition.cause,
    }

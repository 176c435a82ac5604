"""What each of the three says of one history: every close, every decision, and what stood at rest after each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from config.calendar import Month, calendar_of
from config.instants import Instant
from config.plan import Plan
from machines.backtest import backtest
from machines.backtest.counting import counted_file
from machines.deciding.decision import after, decide
from machines.deciding.facts import DecidedState, Decision
from machines.events import LevelDecided, MonthClosed, PaymentsRecorded, Recorded, WatermarkReached
from machines.state.whole import State, fold
from tests.differential.businesses import Business


class Close(msgspec.Struct, frozen=True):
    """A month's figures, as they closed."""

    month: Month
    revenue_micros: int
    mrr_micros: int


class Account(msgspec.Struct, frozen=True):
    """One teller's account of a history."""

    closes: tuple[Close, ...]
    decisions: tuple[Decision, ...]
    """Every decision whole: month, levels, eligible and blocked ones, cost, cap, cause, explanation."""
    at_rest: tuple[tuple[Month, int], ...] = ()
    """What stood after each close and everything that it led to, in micros a month."""


def by_backtest(plan: Plan, business: Business, until: Instant, attested: dict[str, Instant] | None = None) -> Account:
    """What `solvent backtest --until` says of the payments as a file."""
    report = backtest(plan, list(enumerate(business.payments, 2)), until, attested or {})
    return Account(
        tuple(Close(each.month, each.revenue_micros, each.mrr_micros) for each in report.months),
        report.decisions,
        tuple((each.month, each.committed_micros) for each in report.months),
    )


def by_backtest_as_told(plan: Plan, business: Business) -> Account:
    """The rule for what is told late: each close counts what was told by then, and decides on the level before it.

    It is the backtest's counting and deciding, close by close: nothing that comes later changes what was decided.
    """
    calendar, state = calendar_of(plan.timezone), DecidedState()
    closes: list[Close] = []
    decisions: list[Decision] = []
    for month in business.months:
        end = calendar.end_of(month)
        told = [each.payment for each in business.told if each.at < end]
        book = counted_file(plan, list(enumerate(told, 2)), None, by_day=False).book
        if book.first_month is None or book.first_month > month:
            continue
        figures = [book.month_figures(each, plan.policies.revenue) for each in range(book.first_month, month + 1)]
        closes.append(Close(month, figures[-1].revenue_micros, figures[-1].trailing_micros))
        decisions.append(decide(plan, figures, state))
        state = after(decisions[-1], state)
    return Account(tuple(closes), tuple(decisions))


def decided_alike(account: Account) -> Account:
    """Without what stood at rest: an import moves components once, at its end, and time closes months when it will."""
    return msgspec.structs.replace(account, at_rest=())


def by_journal(events: Iterable[Recorded]) -> Account:
    """What a daemon recorded, live or simulated."""
    closes: list[Close] = []
    decisions: list[Decision] = []
    at_rest: list[tuple[Month, int]] = []
    state, awaited = State(), None
    for recorded in events:
        event = recorded.event
        if isinstance(event, PaymentsRecorded | WatermarkReached) and awaited is not None:
            at_rest.append((awaited, state.components.committed_micros))
            awaited = None
        if isinstance(event, MonthClosed):
            closes.append(Close(event.month, event.revenue_micros, event.trailing_micros))
        elif isinstance(event, LevelDecided):
            decisions.append(event.decision)
            awaited = awaited if event.decision.daily else event.decision.month
        fold(state, recorded)
    if awaited is not None:
        at_rest.append((awaited, state.components.committed_micros))
    return Account(tuple(closes), tuple(decisions), tuple(at_rest))


def differences(expected: Account, found: Account, told: str) -> list[str]:
    """Where two accounts differ, one sentence each; the first few say enough."""
    lines = [
        *_each("close", expected.closes, found.closes),
        *_each("decision", expected.decisions, found.decisions),
        *_each("at rest", expected.at_rest, found.at_rest),
    ]
    return [f"{told}: {line}" for line in lines[:6]]


def _each(what: str, expected: Sequence[object], found: Sequence[object]) -> list[str]:
    lines = [
        f"{what} {number}: {_differing(one, other)}"
        for number, (one, other) in enumerate(zip(expected, found, strict=False))
        if one != other
    ]
    if len(expected) != len(found):
        lines.append(f"{what}: expected {len(expected)}, found {len(found)}")
    return lines


def _differing(one: object, other: object) -> str:
    """The fields that differ, and what tells the two apart at a glance."""
    if not isinstance(one, msgspec.Struct) or type(one) is not type(other):
        return f"expected {one}, found {other}"
    fields = [name for name in one.__struct_fields__ if getattr(one, name) != getattr(other, name)]
    return "; ".join(f"{name}: expected {getattr(one, name)}, found {getattr(other, name)}" for name in fields)

"""What the demonstration plays: payments in the order of sending, the months that they complete, and their backtest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from config.calendar import Month, calendar_of, month_text
from config.instants import Instant
from config.plan import Plan
from machines.backtest import BacktestReport, backtest
from machines.backtest.counting import Row
from machines.backtest.report import Rejection
from machines.revenue.conversion import Conversion
from machines.revenue.payments import COMPLETED, FieldError, Kind, Payment

ROWS_ITEMS_MAX: Final = 200_000
"""A larger file takes longer than anybody watches; it is held in memory."""
MONTHS_MAX: Final = 240


class LedgerError(Exception):
    """Payments that cannot be played; the message says why and what to do."""


class Ledger(msgspec.Struct, frozen=True):
    """Payments, ready to be played."""

    name: str
    """Whose payments they are, as the screen names them."""
    payments: tuple[tuple[Instant, Payment], ...]
    """When each is sent, never falling, and the payment."""
    months: tuple[Month, ...]
    """The complete months, all of which close."""
    plays_until: Instant
    """The first instant after everything was sent: a month's end, or the end of the last payment's day."""
    report: BacktestReport
    """What `solvent backtest` says of the same payments."""
    rejections: tuple[Rejection, ...]
    """The rows that are not sent, because nobody could count them."""
    largest: dict[Month, Payment]
    """Each month's largest completed payment."""


def ledger_of(plan: Plan, rows: Iterable[Row], name: str, until: Instant | None = None) -> Ledger:
    """The payments of these rows; `until` says that they are complete before that instant.

    Raises `LedgerError` where there is nothing to play, and whatever reading `rows` raises.
    """
    read, rejections, currencies = _taken(plan, rows, name)
    report = backtest(plan, read, until)
    if not report.payments.counted:
        raise LedgerError(_nothing_counted(plan, name, read, rejections, currencies))
    if not report.months:
        raise LedgerError(
            f"{name}: no month is complete. A month counts once a later one has a payment: add the next month's first,"
            " or ask `solvent backtest` with --until DATE."
        )
    months = tuple(each.month for each in report.months)
    if len(months) > MONTHS_MAX:
        raise LedgerError(
            f"{name}: {len(months)} months from {month_text(months[0])} to {month_text(months[-1])} are more than the"
            f" {MONTHS_MAX} that the demo plays. Is a date mistyped? `solvent backtest` takes any span."
        )
    calendar = calendar_of(plan.timezone)
    payments = _in_order([payment for _, payment in read], calendar.start_of(months[0]))
    closed_until, last_sent_at = calendar.end_of(months[-1]), payments[-1][0]
    days_end = calendar.day_end(calendar.day_of(last_sent_at))
    refused = sorted((*rejections, *report.rejections), key=lambda each: each.row_number)
    return Ledger(
        name=name,
        payments=payments,
        months=months,
        plays_until=closed_until if last_sent_at < closed_until else days_end,
        report=report,
        rejections=tuple(refused),
        largest=_largest(plan, read),
    )


def _taken(
    plan: Plan, rows: Iterable[Row], name: str
) -> tuple[list[tuple[int, Payment]], list[Rejection], Counter[str]]:
    """The rows that can be counted, the others, and the currencies that have no rate.

    A payment without a rate would freeze a live daemon until an operator adds one.
    """
    currencies: Counter[str] = Counter()
    conversion = Conversion(plan.currency, plan.rates)
    read: list[tuple[int, Payment]] = []
    rejections: list[Rejection] = []
    for row in rows:
        if not isinstance(row, tuple):
            rejections.append(Rejection(row.row_number, row.field, row.reason))
            continue
        number, payment = row
        if payment.status == COMPLETED:
            try:
                conversion.micros(payment)
            except FieldError as error:
                rejections.append(Rejection(number, error.field, str(error)))
                currencies[payment.currency] += 1
                continue
        read.append((number, payment))
        if len(read) > ROWS_ITEMS_MAX:
            raise LedgerError(
                f"{name}: more than {ROWS_ITEMS_MAX} payments, which is more than the demo plays;"
                f" `solvent backtest {name} --plan …` takes files of any size."
            )
    return read, rejections, currencies


def _largest(plan: Plan, read: list[tuple[int, Payment]]) -> dict[Month, Payment]:
    month_of = calendar_of(plan.timezone).month_of
    largest: dict[Month, Payment] = {}
    for _, payment in read:
        if payment.status != COMPLETED or payment.kind is not Kind.PAYMENT:
            continue
        month = month_of(payment.created_at)
        if month not in largest or payment.amount_micros > largest[month].amount_micros:
            largest[month] = payment
    return largest


def _in_order(payments: list[Payment], starts_at: Instant) -> tuple[tuple[Instant, Payment], ...]:
    """Each payment at its own time. Rows of one id keep their order, because the first statement of it stands."""
    sent_at: dict[str, Instant] = {}
    ordered: list[tuple[Instant, Payment]] = []
    for payment in payments:
        at = max(payment.created_at, starts_at, sent_at.get(payment.payment_id, 0))
        sent_at[payment.payment_id] = at
        ordered.append((at, payment))
    return tuple(sorted(ordered, key=lambda each: each[0]))


def _nothing_counted(
    plan: Plan,
    name: str,
    read: list[tuple[int, Payment]],
    rejections: list[Rejection],
    currencies: Counter[str],
) -> str:
    if not read and not rejections:
        return f"{name} has a header and no payments: there is nothing to play."
    if currencies and not read:
        currency = currencies.most_common(1)[0][0]
        return (
            f"{name}: its payments are in {currency}, the plan {plan.id} is in {plan.currency}, and it has no rate"
            f" between them. Name a plan in {currency} with --plan, or compare the amounts as they stand with"
            f" --set currency={currency}."
        )
    if not read:
        first = rejections[0]
        return (
            f"{name}: none of its {len(rejections)} rows can be counted; row {first.row_number}: {first.field}:"
            f" {first.reason}"
        )
    return f"{name}: none of its {len(read)} payments is completed, so there is no revenue to play."

"""Counting the rows of a file: each payment once into the revenue book, every row into one counter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from config.calendar import Calendar, calendar_of
from config.instants import Instant
from config.plan import Plan
from machines.backtest.report import PaymentCounts, Rejection
from machines.events import CountedPayment
from machines.revenue.book import RevenueBook
from machines.revenue.classify import PaymentMemory, Verdict
from machines.revenue.conversion import Conversion
from machines.revenue.payments import COMPLETED, FieldError, Payment

REJECTIONS_ITEMS_MAX: Final = 100
"""How many rejections keep their reason; a file with more has one mistake many times."""
FAR_FUTURE: Final[Instant] = 2**62


class UnreadRow(Protocol):
    """A row that the reader could not make a payment of."""

    @property
    def row_number(self) -> int:
        """The row's line in its file."""

    @property
    def field(self) -> str:
        """The field that is wrong."""

    @property
    def reason(self) -> str:
        """What was expected and found."""


Row = tuple[int, Payment] | UnreadRow
"""A row's number with its payment, or why it is none."""


class CountedFile(msgspec.Struct, frozen=True):
    """A file, counted."""

    book: RevenueBook
    counts: PaymentCounts
    last_at: Instant | None
    """The date of the latest counted payment."""
    rejections: tuple[Rejection, ...]
    """The first `REJECTIONS_ITEMS_MAX` rows that could not be counted, in file order."""


def counted_file(plan: Plan, rows: Iterable[Row], until: Instant | None, *, by_day: bool) -> CountedFile:
    """Every row counted, held, set aside or rejected. Payments dated `until` or later are held.

    `by_day` keeps what the trailing figure of any day needs; without it the book stays small.
    """
    counter = _Counter(plan, until, RevenueBook() if by_day else RevenueBook.for_closes_only())
    counter.take(rows)
    return counter.result()


class _Counter:
    """The counters and the book while a file is read. One pass; rows come in any order."""

    def __init__(self, plan: Plan, until: Instant | None, book: RevenueBook) -> None:
        self._calendar: Calendar = calendar_of(plan.timezone)
        self._conversion = Conversion(plan.currency, plan.rates)
        self._until = FAR_FUTURE if until is None else until
        self._book = book
        self._memory = PaymentMemory()
        self._verdicts = dict.fromkeys(Verdict, 0)
        self._held = 0
        self._last_at: Instant | None = None
        self._rejections: list[Rejection] = []

    def take(self, rows: Iterable[Row]) -> None:
        """Count every row."""
        # A file has millions of rows: what is looked up for each of them is a local name.
        classify, add, calendar, until = self._memory.classify, self._book.add, self._calendar, self._until
        currency, converted = self._conversion.currency, self._conversion.counted
        completed, duplicates, not_completed, held = 0, 0, 0, 0
        last_at = -1
        for row in rows:
            if type(row) is not tuple:
                self._reject_unread(row)  # type: ignore[arg-type]  # not a tuple, hence the other kind
                continue
            row_number, payment = row
            counted: Payment | CountedPayment = payment
            if payment.currency != currency and payment.status == COMPLETED:
                # Before the id is remembered: a payment without a rate was not stated yet (RESOLUTIONS 14).
                try:
                    counted = converted(payment)
                except FieldError as error:
                    self._reject(row_number, error.field, str(error))
                    continue
            classified = classify(payment)
            verdict = classified.verdict
            if verdict is Verdict.COUNTED:
                created_at = payment.created_at
                if created_at >= until:
                    held += 1
                    continue
                completed += 1
                last_at = max(last_at, created_at)
                add(counted, calendar)
            elif verdict is Verdict.DUPLICATE:
                duplicates += 1
            elif verdict is Verdict.NOT_COMPLETED:
                not_completed += 1
            else:
                self._reject(row_number, classified.field, classified.reason)
        self._held = held
        self._last_at = last_at if completed else None
        self._verdicts[Verdict.COUNTED] = completed
        self._verdicts[Verdict.DUPLICATE] = duplicates
        self._verdicts[Verdict.NOT_COMPLETED] = not_completed

    def result(self) -> CountedFile:
        """What came of it."""
        verdicts, held = self._verdicts, self._held
        counts = PaymentCounts(
            read=sum(verdicts.values()) + held,
            counted=verdicts[Verdict.COUNTED],
            duplicates=verdicts[Verdict.DUPLICATE],
            not_completed=verdicts[Verdict.NOT_COMPLETED],
            held_future=held,
            rejected=verdicts[Verdict.REJECTED],
        )
        return CountedFile(self._book, counts, self._last_at, tuple(self._rejections))

    def _reject_unread(self, row: UnreadRow) -> None:
        self._reject(row.row_number, row.field, row.reason)

    def _reject(self, row_number: int, field: str, reason: str) -> None:
        self._verdicts[Verdict.REJECTED] += 1
        if len(self._rejections) < REJECTIONS_ITEMS_MAX:
            self._rejections.append(Rejection(row_number, field, reason))

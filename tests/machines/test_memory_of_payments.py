"""What payments leave behind in memory: sums by month and the postings of a few months, and nothing by customer."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable

from config.calendar import calendar_of
from config.instants import DAY, HOUR, Instant
from machines.events import CountedPayment
from machines.revenue.book import RevenueBook
from machines.revenue.classify import classify
from machines.revenue.payments import Interval, Kind
from machines.revenue.reading_fields import PaymentReader
from tests.revenue.payment_values import at

UTC = calendar_of("UTC")
PAYMENTS_A_DAY = 4


def judged(reader: PaymentReader, numbers: Iterable[int]) -> int:
    """Read and classify a payment of a new customer for each number; how many objects are alive afterwards."""
    for number in numbers:
        fields = (f"pay-{number}", f"customer-{number}", "10.00", "EUR", "completed", "2024-01-15T12:00:00Z", "payment")
        classify(reader.read(*fields), None, b"key")
    gc.collect()
    return sys.getallocatedblocks()


def postings(book: RevenueBook) -> int:
    """How many postings are kept one by one."""
    return sum(sum(1 for _ in hour.postings) for day in book.recent.days.values() for hour in day.hours.values())


def kept_after(book: RevenueBook, first: Instant, end: Instant) -> int:
    """Count some payments on each of these days, close each month, and say how many postings are left."""
    for day in range(first // DAY, end // DAY):
        for hour in range(PAYMENTS_A_DAY):
            book.add(CountedPayment("pay", Kind.PAYMENT, 10, day * DAY + hour * HOUR, Interval.MONTH), UTC)
        while book.next_month is not None and UTC.end_of(book.next_month) <= (day + 1) * DAY:
            book.close(book.next_month, UTC)
    return postings(book)


def test_a_customer_who_paid_leaves_nothing_behind() -> None:
    """Twenty thousand new customers take no more memory than one."""
    reader = PaymentReader()
    before = judged(reader, range(5_000))
    after = judged(reader, range(5_000, 25_000))

    assert after - before < 1_000


def test_years_of_payments_keep_the_postings_of_two_months() -> None:
    """After ten years as many are kept as after two."""
    book = RevenueBook()
    after_two = kept_after(book, at("2012-01-01T00:00:00Z"), at("2014-01-01T00:00:00Z"))
    after_ten = kept_after(book, at("2014-01-01T00:00:00Z"), at("2022-01-01T00:00:00Z"))

    assert after_two == after_ten
    assert after_ten == 62 * PAYMENTS_A_DAY


def test_a_posting_takes_less_than_thirty_bytes() -> None:
    """A shop of one payment a second keeps millions of them."""
    book = RevenueBook()
    start = at("2024-01-01T00:00:00Z")
    for number in range(100_000):
        book.add(
            CountedPayment("pay", Kind.PAYMENT, 10_000_000 + number, start + number * 1_000_000, Interval.MONTH), UTC
        )

    hours = [hour for day in book.recent.days.values() for hour in day.hours.values()]
    assert sum(sys.getsizeof(hour.packed) for hour in hours) < 30 * 100_000

"""Every row ends in one counter: payments, duplicates, statuses, currencies, the future."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from config.instants import instant_from_text
from config.plan import Rate
from machines.backtest import backtest
from machines.backtest.counting import REJECTIONS_ITEMS_MAX, Row
from machines.backtest.report import PaymentCounts, Rejection
from machines.revenue.payments import Kind, Payment
from tests.backtest.payments import monthly, numbered, paid, replayed, shop


class Unread(msgspec.Struct):
    """A row that a reader refused."""

    row_number: int
    field: str = "amount"
    reason: str = "expected a decimal amount"


def test_the_counters_add_up() -> None:
    """Read = counted + duplicates + not completed + held + rejected."""
    first = paid("a", "2024-01-10", "10.00")
    rows: list[Row] = [
        *numbered([first, first, paid("b", "2024-01-11", "5.00", status="pending"), paid("c", "2024-03-01", "5.00")]),
        Unread(6),
    ]

    report = backtest(shop(), rows, instant_from_text("2024-03-01T00:00:00Z"))

    assert report.payments == PaymentCounts(5, 1, 1, 1, 1, 1)


def test_an_id_that_completes_later_counts_once_with_that_row() -> None:
    """Both rows are counted as rows: one not completed, one counted, with its own time and amount."""
    pending = paid("a", "2024-01-10", "10.00", status="pending")
    report = replayed(shop(), [pending, paid("a", "2024-02-10", "12.00")], "2024-03-01T00:00:00Z")

    assert (report.payments.not_completed, report.payments.counted) == (1, 1)
    assert [(each.month % 12 + 1, each.revenue_micros) for each in report.months] == [(2, 12_000_000)]


def test_a_contradicting_duplicate_is_rejected_and_the_first_stands() -> None:
    """The same id with another amount names its row and field."""
    report = replayed(
        shop(), [paid("a", "2024-01-10", "10.00"), paid("a", "2024-01-10", "11.00")], "2024-02-01T00:00:00Z"
    )

    assert (report.payments.rejected, report.months[0].revenue_micros) == (1, 10_000_000)
    assert [(each.row_number, each.field) for each in report.rejections] == [(3, "amount")]


def test_another_currency_is_converted_at_its_dated_rate() -> None:
    """The rate of the payment's own date."""
    rates = (
        Rate("USD", instant_from_text("2024-01-01T00:00:00Z"), Decimal("0.90")),
        Rate("USD", instant_from_text("2024-02-01T00:00:00Z"), Decimal("0.80")),
    )
    plan = msgspec.structs.replace(shop(), rates=rates)
    dollars = [msgspec.structs.replace(each, currency="USD") for each in monthly("100", "100")]

    report = replayed(plan, dollars, "2024-03-01T00:00:00Z")

    assert [each.revenue_micros for each in report.months] == [90_000_000, 80_000_000]


def test_a_currency_without_a_rate_is_rejected() -> None:
    """It is never added up as if it were the plan's."""
    report = replayed(shop(), [paid("a", "2024-01-10", "10.00", currency="USD")], "2024-02-01T00:00:00Z")

    assert report.rejections == (Rejection(2, "currency", "no rate for USD on 2024-01-10; add one under `rates`"),)
    assert report.months == ()


def test_the_list_of_rejections_is_bounded() -> None:
    """All are counted, the first so many keep their reason."""
    report = backtest(shop(), [Unread(number) for number in range(REJECTIONS_ITEMS_MAX + 5)])

    assert (report.payments.rejected, len(report.rejections)) == (REJECTIONS_ITEMS_MAX + 5, REJECTIONS_ITEMS_MAX)


def test_refunds_are_subtracted_on_their_own_date() -> None:
    """Net of refunds by default, gross with `revenue.net` false."""
    payments = [*monthly("300", "300"), paid("r", "2024-02-20", "120", kind=Kind.REFUND)]

    net, gross = (
        [each.revenue_micros for each in replayed(shop(revenue__net=choice), payments, "2024-03-01T00:00:00Z").months]
        for choice in (True, False)
    )

    assert (net, gross) == ([300_000_000, 180_000_000], [300_000_000, 300_000_000])


def test_a_free_order_counts() -> None:
    """0.00 is a payment, and begins the first month."""
    report = replayed(shop(), [paid("a", "2024-01-10", "0.00")], "2024-02-01T00:00:00Z")

    assert (report.payments.counted, len(report.months)) == (1, 1)


def test_an_empty_file_reports_nothing() -> None:
    """No rows, no months, no cost."""
    report = replayed(shop(), [])

    assert (report.payments.read, report.months, report.transitions, report.totals.cost_micros) == (0, (), (), 0)


payments_of_two_years = st.lists(
    st.tuples(st.integers(0, 23), st.integers(1, 28), st.integers(0, 900)), min_size=1, max_size=25
)


@settings(max_examples=60, deadline=None)
@given(payments_of_two_years, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(drawn: list[tuple[int, int, int]], random: object) -> None:
    """A permutation of the same payments gives the same report."""
    payments: list[Payment] = [
        paid(f"p{index}", f"{2024 + month // 12}-{month % 12 + 1:02d}-{day:02d}", str(amount))
        for index, (month, day, amount) in enumerate(drawn)
    ]
    shuffled = list(payments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert replayed(shop(), shuffled) == replayed(shop(), payments)

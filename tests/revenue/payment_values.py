"""Payments for tests: short to write, and generated."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from config.instants import DAY, Instant, instant_from_text
from machines.events import CountedPayment
from machines.revenue.payments import Interval, Kind, Payment

UNIT = 1_000_000
EARLIEST: Instant = instant_from_text("2023-11-01T00:00:00Z")
LATEST: Instant = instant_from_text("2024-07-01T00:00:00Z")


def at(text: str) -> Instant:
    """The instant of a text."""
    return instant_from_text(text)


def a_payment(**changes: Any) -> Payment:
    """A completed payment of 10.00 EUR, with changes."""
    fields: dict[str, Any] = {
        "payment_id": "pay_1",
        "customer_id": "cus_1",
        "amount_micros": 10 * UNIT,
        "currency": "EUR",
        "status": "completed",
        "created_at": at("2024-01-15T12:00:00Z"),
    }
    return Payment(**(fields | changes))


def counted(
    date: str,
    units: int,
    *,
    kind: Kind = Kind.PAYMENT,
    interval: Interval = Interval.MONTH,
    payment_id: str = "pay_1",
) -> CountedPayment:
    """A counted payment of whole units."""
    return CountedPayment(payment_id, kind, units * UNIT, at(date), interval)


instants = st.one_of(
    st.integers(EARLIEST, LATEST),
    st.integers(EARLIEST // DAY, LATEST // DAY).map(lambda day: day * DAY),
    st.tuples(st.integers(EARLIEST // DAY, LATEST // DAY), st.sampled_from([-1, 0, 1])).map(
        lambda pair: pair[0] * DAY + pair[1]
    ),
)
"""Dates over eight months with a leap February, often at or beside midnight of UTC."""

zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])


@st.composite
def counted_payments(draw: st.DrawFn) -> list[CountedPayment]:
    """Up to thirty counted payments with distinct ids, in no order."""
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(Kind), st.integers(0, 10**10), instants, st.sampled_from(Interval)),
            max_size=30,
        )
    )
    return [CountedPayment(f"pay_{number}", *row) for number, row in enumerate(rows)]

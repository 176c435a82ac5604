"""Other currencies, at dated rates (RESOLUTIONS 14)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.plan import Rate
from machines.revenue.conversion import Conversion, NoRateError
from machines.revenue.payments import FieldError
from tests.revenue.payment_values import UNIT, a_payment, at

RATES = (
    Rate("USD", at("2024-02-01T00:00:00Z"), Decimal("0.9")),
    Rate("USD", at("2024-01-01T00:00:00Z"), Decimal("0.95")),
    Rate("GBP", at("2024-01-01T00:00:00Z"), Decimal("1.1")),
)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024-01-01T00:00:00Z", 9_500_000),
        ("2024-01-31T23:59:59.999999Z", 9_500_000),
        ("2024-02-01T00:00:00Z", 9_000_000),
        ("2030-01-01T00:00:00Z", 9_000_000),
    ],
)
def test_the_latest_rate_at_its_date_converts(date: str, expected: int) -> None:
    """A rate holds from its first instant on, in whatever order rates are listed."""
    assert expected == Conversion("EUR", RATES).micros(a_payment(currency="USD", created_at=at(date)))


def test_the_plan_s_own_currency_stands_as_it_is() -> None:
    """No rate is needed and nothing is converted."""
    conversion = Conversion("EUR")

    assert 10 * UNIT == conversion.micros(a_payment())
    assert not conversion.converts(a_payment())
    assert conversion.converts(a_payment(currency="USD"))


@pytest.mark.parametrize(("micros", "expected"), [(1, 0), (3, 2), (5, 2), (7, 4)])
def test_a_converted_amount_is_rounded_half_even(micros: int, expected: int) -> None:
    """Half a micro goes to the even neighbour."""
    conversion = Conversion("EUR", [Rate("USD", 0, Decimal("0.5"))])

    assert expected == conversion.micros(a_payment(currency="USD", amount_micros=micros))


@pytest.mark.parametrize(("currency", "date"), [("USD", "2023-12-31T23:59:59Z"), ("CHF", "2024-03-01T00:00:00Z")])
def test_a_payment_without_a_rate_is_an_error_that_says_what_to_add(currency: str, date: str) -> None:
    """Blindly summing currencies is never an answer."""
    with pytest.raises(NoRateError, match=f"no rate for {currency} on {date[:10]}; add one under `rates`") as caught:
        Conversion("EUR", RATES).counted(a_payment(currency=currency, created_at=at(date)))

    assert "currency" == caught.value.field


def test_an_amount_too_large_after_conversion_is_refused() -> None:
    """The limit of money holds for the converted amount too."""
    conversion = Conversion("EUR", [Rate("USD", 0, Decimal(10))])
    with pytest.raises(FieldError, match="too large in EUR") as caught:
        conversion.micros(a_payment(currency="USD", amount_micros=10**18))

    assert "amount" == caught.value.field


def test_a_counted_payment_keeps_id_kind_date_and_interval() -> None:
    """Only the amount changes."""
    payment = a_payment(currency="GBP")
    counted = Conversion("EUR", RATES).counted(payment)

    assert (payment.payment_id, payment.kind, 11 * UNIT, payment.created_at, payment.interval) == (
        counted.payment_id,
        counted.kind,
        counted.amount_micros,
        counted.created_at,
        counted.interval,
    )

"""Money is exact, and two currencies never mix."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.money import (
    MICROS_MAX,
    Money,
    MoneyError,
    amount_text,
    decimal_from_micros,
    divided_half_even,
    micros_from_text,
    quotient_text,
)

MICROS = st.integers(-MICROS_MAX, MICROS_MAX)


@given(MICROS)
def test_an_amount_is_written_and_read(micros: int) -> None:
    """To the micro, with at least two decimals."""
    assert micros_from_text(amount_text(micros)) == micros
    assert len(amount_text(micros).partition(".")[2]) >= 2
    assert decimal_from_micros(micros) == Decimal(amount_text(micros))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "nan",
        "-inf",
        "1_0",
        "0.0000001",
        "1000000000000.000001",
        "1" * 33,
        "1,5",
        "1e-9",
        "0x1",
        "\u0665",
        "1\uff15",
    ],
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    """Nothing is rounded, guessed or cut."""
    with pytest.raises(MoneyError, match="expected"):
        micros_from_text(text)


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**12))
def test_division_rounds_half_to_even(numerator: int, denominator: int) -> None:
    """As Python's own rounding of the exact fraction does."""
    assert divided_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**15), 10**15), st.integers(-(10**12), 10**12).filter(bool))
def test_a_quotient_has_six_decimals(numerator: int, denominator: int) -> None:
    """Half-even, whatever the signs."""
    text = quotient_text(numerator, denominator)

    assert Fraction(Decimal(text)) == Fraction(round(Fraction(numerator, denominator) * 10**6), 10**6)
    assert len(text.partition(".")[2]) == 6


def test_amounts_of_one_currency_add_and_compare() -> None:
    """0.10 + 0.20 is 0.30."""
    tenth, fifth = Money(100_000, "EUR"), Money(200_000, "EUR")

    assert tenth + fifth == Money(300_000, "EUR")
    assert fifth - tenth == tenth
    assert -tenth == Money(-100_000, "EUR")
    assert tenth < fifth
    assert tenth <= tenth
    assert str(tenth + fifth) == "0.30 EUR"


def test_two_currencies_never_mix() -> None:
    """Not in a sum, a difference or a comparison."""
    euro, dollar = Money(1, "EUR"), Money(1, "USD")
    for operation in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__):
        with pytest.raises(MoneyError, match="cannot mix EUR and USD"):
            operation(euro, dollar)

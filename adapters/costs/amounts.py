"""Amounts as providers write them, with any number of decimals, in whole micros."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from config.money import MICROS_MAX, MICROS_PER_UNIT, divided_half_even
from machines.ports.faults import Permanent

_UNITS_MAX: Final = MICROS_MAX // MICROS_PER_UNIT
_LARGEST_EXPONENT: Final = 40
"""Above it the arithmetic of decimals overflows by itself."""
_SMALLEST_EXPONENT: Final = -40
"""Below it an amount is nothing, and its exact fraction would be larger than memory."""


def micros_of(amount: str | Decimal, what: str) -> int:
    """The amount in micros, half-even; `what` says in the error which it is. Raises `Permanent` for no amount."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise _no_amount(amount, what) from None
    if not str(amount).isascii():  # Decimal reads the digits of every script
        raise _no_amount(amount, what)
    if not value.is_finite() or (value and value.adjusted() > _LARGEST_EXPONENT) or abs(value) > _UNITS_MAX:
        raise Permanent(f"{what}: expected an amount of at most {_UNITS_MAX}, found {str(amount)[:40]!r}")
    if value.adjusted() < _SMALLEST_EXPONENT:
        return 0
    numerator, denominator = value.as_integer_ratio()
    return divided_half_even(numerator * MICROS_PER_UNIT, denominator)


def _no_amount(amount: str | Decimal, what: str) -> Permanent:
    return Permanent(f"{what}: expected a decimal amount, found {str(amount)[:40]!r}")

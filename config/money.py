"""Money: integers of one millionth of the currency unit, exact decimals at the edges, never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

import msgspec

MICROS_PER_UNIT: Final = 1_000_000
MICROS_MAX: Final = 10**18
"""A trillion units: above this an amount is a typing error, and SQLite still holds the sum of nine such."""
TEXT_CHARACTERS_MAX: Final = 32
_MICRO: Final = Decimal("0.000001")
_SMALLEST_DIGIT: Final = _MICRO.adjusted()
_LARGEST_DIGIT: Final = 12
"""Places of the first digit of the smallest and of the largest amount, as powers of ten."""


class MoneyError(ValueError):
    """An amount, or a pair of amounts, that cannot be money; the message says what was expected."""


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount of one currency, exact to six decimals.

    `micros` is the amount in millionths of the unit; `currency` an ISO 4217 code. Two currencies never mix:
    every operation on two amounts raises `MoneyError` when their currencies differ.
    """

    micros: int
    currency: str

    def __add__(self, other: Money) -> Money:
        """The sum, in the one currency of both."""
        return Money(self.micros + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        """The difference, in the one currency of both."""
        return Money(self.micros - self._same(other), self.currency)

    def __neg__(self) -> Money:
        """The amount with its sign turned."""
        return Money(-self.micros, self.currency)

    def __lt__(self, other: Money) -> bool:
        """Whether this is the smaller amount."""
        return self.micros < self._same(other)

    def __le__(self, other: Money) -> bool:
        """Whether this is not the larger amount."""
        return self.micros <= self._same(other)

    def __str__(self) -> str:
        """The amount as people write it: `283.00 EUR`."""
        return f"{amount_text(self.micros)} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MoneyError(f"cannot mix {self.currency} and {other.currency}: convert one with a dated rate first")
        return other.micros


def micros_from_text(text: str) -> int:
    """The exact amount that `text` states, in micros.

    Raises `MoneyError` for anything that is no finite decimal number in the digits 0 to 9, has more than six decimals,
    or is larger than `MICROS_MAX`. Nothing is rounded here.
    """
    if not text.isascii():  # Decimal reads the digits of every script
        raise MoneyError(
            f"expected a decimal amount in the digits 0 to 9, such as 19.99, found {text[:TEXT_CHARACTERS_MAX]!r}"
        )
    if len(text) > TEXT_CHARACTERS_MAX or "_" in text:
        raise MoneyError(f"expected a decimal amount such as 19.99, found {text[:TEXT_CHARACTERS_MAX]!r}")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise MoneyError(f"expected a decimal amount such as 19.99, found {text!r}") from None
    if not value.is_finite():
        raise MoneyError(f"expected a finite amount, found {text!r}")
    return micros_from_decimal(value)


def micros_from_decimal(value: Decimal) -> int:
    """The exact amount of a finite decimal, in micros; raises `MoneyError` where six decimals do not hold it."""
    # By the place of its first digit before anything is computed: 1e400000000 overflows, 1e-400000000 takes hours.
    too_large = bool(value) and value.adjusted() > _LARGEST_DIGIT
    if too_large or abs(value) > MICROS_MAX // MICROS_PER_UNIT:
        raise MoneyError(f"expected an amount of at most {MICROS_MAX // MICROS_PER_UNIT}, found {value}")
    if value and value.adjusted() < _SMALLEST_DIGIT:
        raise MoneyError(f"expected at most six decimals, found {value}")
    numerator, denominator = value.as_integer_ratio() if value else (0, 1)
    micros, rest = divmod(numerator * MICROS_PER_UNIT, denominator)
    if rest:
        raise MoneyError(f"expected at most six decimals, found {value}")
    return micros


def decimal_from_micros(micros: int) -> Decimal:
    """The amount as an exact decimal of the currency unit."""
    return Decimal(micros).scaleb(-6)


def amount_text(micros: int) -> str:
    """The exact amount with at least two and at most six decimals: `283.00`, `314.444445`, `-0.50`."""
    sign = "-" if micros < 0 else ""
    units, rest = divmod(abs(micros), MICROS_PER_UNIT)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{units}.{decimals}"


def divided_half_even(numerator: int, denominator: int) -> int:
    """`numerator / denominator` as an integer, ties to the even neighbour; `denominator` is above zero."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2):
        return quotient + 1
    return quotient


def quotient_text(numerator: int, denominator: int) -> str:
    """A quotient with six decimals, rounded half-even: `0.435385`."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    rounded = divided_half_even(numerator * MICROS_PER_UNIT, denominator)
    return str(Decimal(rounded).scaleb(-6).quantize(_MICRO, rounding=ROUND_HALF_EVEN))

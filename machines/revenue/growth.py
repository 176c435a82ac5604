"""Average, growth, projection and progress: exact quotients, null where they have no meaning (RESOLUTIONS 15, 25).

Amounts are micros. A quotient is an exact `Fraction`; `fraction_text` prints it with six decimals, half-even.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from config.money import divided_half_even, quotient_text

AVERAGE_MONTHS: Final = 3


def average_3m_micros(measures: Sequence[int]) -> int | None:
    """The mean of the last three closed measures, half-even to the micro; None below three months."""
    if len(measures) < AVERAGE_MONTHS:
        return None
    return divided_half_even(sum(measures[-AVERAGE_MONTHS:]), AVERAGE_MONTHS)


def growth(measures: Sequence[int]) -> Fraction | None:
    """The last closed measure against the one before, minus 1; None for the first month and after a measure <= 0."""
    if len(measures) < 2 or measures[-2] <= 0:
        return None
    return Fraction(measures[-1] - measures[-2], measures[-2])


def projected_3m_micros(mrr_micros: int, monthly_growth: Fraction | None) -> int | None:
    """`mrr x (1 + g)^3`, half-even to the micro; None where growth is."""
    if monthly_growth is None:
        return None
    projected = mrr_micros * (1 + monthly_growth) ** 3
    return divided_half_even(projected.numerator, projected.denominator)


def progress(mrr_micros: int, minimum_micros: int | None) -> Fraction | None:
    """`mrr / minimum` of the next level; None where there is no next level or it asks for nothing."""
    if minimum_micros is None or minimum_micros <= 0:
        return None
    return Fraction(mrr_micros, minimum_micros)


def fraction_text(quotient: Fraction | None) -> str | None:
    """A quotient with six decimals, half-even: `0.812500`; None stays None."""
    return None if quotient is None else quotient_text(quotient.numerator, quotient.denominator)

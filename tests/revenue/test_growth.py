"""Average, growth, projection and progress, and where they are null (RESOLUTIONS 15, 25)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from machines.revenue.growth import average_3m_micros, fraction_text, growth, progress, projected_3m_micros
from tests.revenue.payment_values import UNIT


@pytest.mark.parametrize(
    ("measures", "expected"),
    [([], None), ([1, 2], None), ([1, 2, 2], 2), ([9, 1, 2, 1], 1), ([0, 0, -3], -1), ([1, 1, 2, 3, 1], 2)],
)
def test_the_average_needs_three_months(measures: list[int], expected: int | None) -> None:
    """It is of the last three, half-even."""
    assert expected == average_3m_micros(measures)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        ([], None),
        ([5], None),
        ([0, 5], None),
        ([-1, 5], None),
        ([4, 5], Fraction(1, 4)),
        ([9, 4, 0], Fraction(-1)),
        ([4, -4], Fraction(-2)),
    ],
)
def test_growth_is_null_for_the_first_month_and_after_nothing(measures: list[int], expected: Fraction | None) -> None:
    """Otherwise the last against the one before, exact."""
    assert expected == growth(measures)


def test_the_projection_compounds_three_months() -> None:
    """Mrr x (1 + g)^3; unknown growth projects nothing."""
    assert 1331 * UNIT == projected_3m_micros(1000 * UNIT, Fraction(1, 10))
    assert 0 == projected_3m_micros(1000 * UNIT, Fraction(-1))
    assert projected_3m_micros(1000 * UNIT, None) is None


def test_progress_is_the_share_of_the_next_minimum() -> None:
    """650 of 800 is 0.8125; without a minimum there is none."""
    assert "0.812500" == fraction_text(progress(650 * UNIT, 800 * UNIT))
    assert progress(650 * UNIT, None) is None
    assert progress(650 * UNIT, 0) is None
    assert fraction_text(None) is None

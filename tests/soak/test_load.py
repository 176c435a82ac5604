"""The history that a soak sends lasts as long as the soak."""

from __future__ import annotations

import pytest

from tests.soak.load import FIRST_YEAR, MONTH_S_MIN, month_s_of

PASSED_YEAR = 2026
"""A year that had begun when this was written."""


@pytest.mark.parametrize("minutes", [1, 20, 24, 60, 24 * 60])
def test_no_run_reaches_the_future(minutes: int) -> None:
    """Payments of the future would be kept until their month, and memory would rise by each of them."""
    months = minutes * 60 / month_s_of(minutes * 60)

    assert FIRST_YEAR + months / 12 < PASSED_YEAR


def test_a_short_run_has_short_months() -> None:
    """Twenty minutes close a hundred and fifty months: a leak in closing or deciding shows."""
    assert MONTH_S_MIN == month_s_of(20 * 60)

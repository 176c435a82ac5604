from __future__ import annotations

from itertools import groupby
from random import Random

import pytest

from config.instants import instant_from_text
from config.loading import load_plan
from daemon.demo.course import ONE_OFF_MONTH
from daemon.demo.history import MONTHS, demo_history_end, demo_payments
from machines.backtest import BacktestReport, backtest

START = instant_from_text("2024-01-01T00:00:00Z")
SEEDS = range(12)


def decided(seed: int, *overrides: str) -> BacktestReport:
    """What the shipped plan decides on the history of a seed."""
    rows = enumerate(demo_payments(Random(seed), START), 2)
    return backtest(load_plan("autobroker", overrides), rows, demo_history_end(START))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shipped_plan_walks_every_level_up_and_down_in_order(seed: int) -> None:
    """The decided level rises 0 to 4 and falls back to 0, one level after the other."""
    report = decided(seed)

    assert len(report.months) == MONTHS
    assert [level for level, _ in groupby(month.level for month in report.months)] == [0, 1, 2, 3, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_is_read_and_counts_or_is_known_not_to(seed: int) -> None:
    """Nothing of the history is rejected, repeated or held: what does not count is a refused card."""
    counts = decided(seed).payments
    refused = sum(payment.status == "failed" for payment in demo_payments(Random(seed), START))

    assert (counts.rejected, counts.duplicates, counts.held_future) == (0, 0, 0)
    assert (counts.not_completed, counts.counted) == (refused, counts.read - refused)


def test_the_one_off_does_not_buy_level_4() -> None:
    """Its month is above all that level 4 asks for, and level 1 remains what is decided."""
    month = decided(7).months[ONE_OFF_MONTH]

    assert month.revenue_micros > 38_888_888_889
    assert (month.level, month.eligible) == (1, (1,))


def test_two_months_show_a_level_that_is_eligible_but_blocked() -> None:
    """After the one-off, revenue meets the minimum of level 2 and not its ratio."""
    after = decided(7).months[ONE_OFF_MONTH + 1 : ONE_OFF_MONTH + 3]

    assert [[blocked.level for blocked in month.blocked] for month in after] == [[2], [2]]

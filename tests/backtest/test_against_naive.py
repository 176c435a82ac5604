"""The whole backtest against a plain retelling of the rules for the shipped plan's policies."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from config.loading import load_plan
from tests.backtest.payments import monthly, replayed

PLAN = load_plan("autobroker")
COST = [50, 283, 1183, 2333, 35000]
MINIMUM = [0, 450, 800, 3000, 10000]
MONTHS = [0, 1, 2, 2, 3]


def eligible(months: list[int], level: int) -> bool:
    """Debounce met, and the ratio holds in each of its months (RESOLUTIONS 4 and 5)."""
    newest = months[-MONTHS[level] :]
    if len(newest) < MONTHS[level] or min(newest) < MINIMUM[level]:
        return False
    return all(Fraction(COST[level], month) <= Fraction(9, 10) for month in newest)


def next_level(months: list[int], level: int) -> int:
    """The level after a close: down first, then up (RESOLUTIONS 6 and 7)."""
    if level and falls(months, level):
        current = months[-1]
        fits = [0] + [each for each in range(1, level) if current >= MINIMUM[each] and COST[each] * 10 <= current * 9]
        level = max(fits)
    return max([level] + [each for each in range(level + 1, 5) if eligible(months, each)])


def falls(months: list[int], level: int) -> bool:
    """Hard ratio at once; below minimum less 5 %, or above the ratio, for as many months as the level took."""
    newest = months[-MONTHS[level] :]
    if months[-1] <= 0 or COST[level] > months[-1]:
        return True
    if len(newest) < MONTHS[level]:
        return False
    below = all(month * 100 < MINIMUM[level] * 95 for month in newest)
    return below or all(month <= 0 or COST[level] * 10 > month * 9 for month in newest)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 50_000), st.sampled_from([0, 449, 450, 800, 1315, 2900, 10000, 38889])),
            st.integers(1, 4),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_levels_and_totals_equal_a_naive_recomputation(runs: list[tuple[int, int]]) -> None:
    """Level by level, and the cost of every month."""
    months = [amount for amount, length in runs for _ in range(length)][:24]
    levels, level = [], 0
    for count in range(1, len(months) + 1):
        level = next_level(months[:count], level)
        levels.append(level)
    report = replayed(PLAN, monthly(*map(str, [*months, 1])))

    assert [each.level for each in report.months] == levels
    # The two-zone surcharge rests COLD, every stateful part rests at a warm cost of 0.
    assert report.totals.cost_micros == sum(COST[each] for each in [0, *levels[:-1]]) * 1_000_000
    assert report.totals.cost_always_on_micros == 35_000 * len(months) * 1_000_000

"""The accrual of a monthly cost: exact, whole, and the same wherever a period is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from config.calendar import Calendar, month_from_text
from config.instants import DAY, HOUR, MINUTE
from machines.costs.accrual import Accrual, advance, change, day_end, day_of, month_of_day

ROME = Calendar("Europe/Rome")
ZONES = ("UTC", "Europe/Rome", "America/Havana", "Pacific/Apia", "Asia/Kolkata", "America/Sao_Paulo")
MONTHS = st.integers(2011 * 12, 2027 * 12)
COSTS = st.integers(0, 10**15)


def days_of(calendar: Calendar, begin: int, end: int, cost: int, cuts: list[int]) -> tuple[dict[int, int], int]:
    """What accrues from `begin` to `end`, advanced at every cut on the way, and the remainder."""
    accrual = Accrual(cost, begin)
    for at in sorted(cuts):
        advance(accrual, at, calendar)
    advance(accrual, end, calendar)
    return accrual.days, accrual.remainder


@given(zone=st.sampled_from(ZONES), month=MONTHS, cost=COSTS)
def test_a_whole_month_accrues_its_monthly_cost_to_the_micro(zone: str, month: int, cost: int) -> None:
    """Whatever the month's length, clock changes included, nothing is lost and nothing is added."""
    calendar = Calendar(zone)
    days, remainder = days_of(calendar, calendar.start_of(month), calendar.end_of(month), cost, [])

    assert (cost, 0) == (sum(days.values()), remainder)
    assert {month} >= {month_of_day(day) for day in days}


@given(
    zone=st.sampled_from(ZONES),
    month=MONTHS,
    cost=COSTS,
    begin=st.integers(0, 40 * DAY),
    length=st.integers(0, 100 * DAY),
    cuts=st.lists(st.integers(0, 100 * DAY), max_size=8),
)
def test_a_period_may_be_cut_anywhere(
    zone: str, month: int, cost: int, begin: int, length: int, cuts: list[int]
) -> None:
    """Cut at any instants, each day has the same sum as in one piece."""
    calendar = Calendar(zone)
    begins_at = calendar.start_of(month) + begin
    inside = [begins_at + min(cut, length) for cut in cuts]

    whole = days_of(calendar, begins_at, begins_at + length, cost, [])

    assert whole == days_of(calendar, begins_at, begins_at + length, cost, inside)


@given(month=MONTHS, changes=st.lists(st.tuples(st.integers(0, 27 * DAY), COSTS), min_size=1, max_size=6))
def test_changes_within_a_month_add_up(month: int, changes: list[tuple[int, int]]) -> None:
    """The month's sum is the exact sum of cost x duration over the month's length, rounded down once."""
    begins_at, ends_at = ROME.start_of(month), ROME.end_of(month)
    accrual, exact, before, cost = Accrual(0, begins_at), 0, begins_at, 0
    for offset, changed in sorted(changes):
        at = begins_at + offset
        exact += cost * (at - before)
        change(accrual, changed, at, ROME)
        before, cost = at, changed
    exact += cost * (ends_at - before)
    # One microsecond before the end the remainder still stands, so that nothing was rounded on the way.
    advance(accrual, ends_at, ROME)

    assert exact // (ends_at - begins_at) == sum(accrual.days.values())


def test_the_day_of_a_clock_change_costs_by_its_hours() -> None:
    """25 hours at the end of October cost 25/24 of the next day, in Rome."""
    days, _ = days_of(ROME, ROME.start_of(2026 * 12 + 9), ROME.end_of(2026 * 12 + 9), 745 * 1_000_000, [])
    long_day = day_of(ROME, ROME.end_of(2026 * 12 + 9) - 7 * DAY + HOUR)

    assert (25_000_000, 24_000_000) == (days[long_day], days[long_day + 1])


def test_an_idle_component_drops_its_remainder_with_the_month() -> None:
    """A third of a micro does not reach the next month, whose length is another."""
    january = month_from_text("2026-01")
    begins_at = ROME.start_of(january)
    accrual = Accrual(1, begins_at)
    change(accrual, 0, begins_at + MINUTE, ROME)
    kept = accrual.remainder
    advance(accrual, ROME.end_of(january), ROME)

    assert (MINUTE, 0) == (kept, accrual.remainder)


@given(zone=st.sampled_from(ZONES), at=st.integers(1_300_000_000_000_000, 1_800_000_000_000_000))
def test_every_instant_lies_in_its_day(zone: str, at: int) -> None:
    """Days are half-open ranges that leave no gap, where clocks change too."""
    calendar = Calendar(zone)
    day = day_of(calendar, at)

    assert day_end(calendar, day - 1) <= at < day_end(calendar, day)

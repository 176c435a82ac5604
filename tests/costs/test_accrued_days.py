"""The days that are recorded, from the journal's own times."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from config.calendar import Calendar, month_from_text
from config.instants import DAY, HOUR, Instant
from config.plan import Plan
from daemon.resume import encode_state
from machines.events import ComponentDrifted, Mode, PlanAdopted, Started
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState
from machines.state.costs import DAYS_AT_ONCE_MAX, MONTHS_KEPT, accrued_days, accrued_in
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import shop, then

ROME = Calendar("Europe/Rome")
PLAN: Plan = msgspec.structs.replace(shop(), timezone="Europe/Rome")
NOVEMBER = month_from_text("2026-11")
BEGAN: Instant = ROME.start_of(NOVEMBER)
HOST_DAY = 10 * UNIT // 30
"""What the host of the floor costs on a day of November, rounded down."""


def begun(at: Instant = BEGAN) -> State:
    """A daemon that took up the plan."""
    return then(State(), Started("shop", "0", Mode.ACT), PlanAdopted(PLAN, "f"), at=at)


def counts(component: str, units: int) -> ComponentDrifted:
    """From now on the component counts so many units a month."""
    return ComponentDrifted(
        component, ComponentState.COLD, ComponentState.HOT, ResourceState.HOT, committed_micros=units * UNIT
    )


def recorded_until(state: State, now: Instant) -> State:
    """The state once every day that is over was recorded."""
    while due := accrued_days(state.costs, now, ROME):
        then(state, *due, at=now)
    return state


def sums(state: State) -> object:
    """All that was accrued, whichever event recorded it."""
    return state.costs.accruals, state.costs.months, state.costs.next_day


def test_no_day_is_due_before_it_is_over() -> None:
    """The first day, which began with the plan, is recorded at its end and not a microsecond earlier."""
    state = begun(BEGAN + 6 * HOUR)

    assert [] == accrued_days(state.costs, BEGAN + DAY - 1, ROME)
    assert [date(2026, 11, 1)] == [each.day for each in accrued_days(state.costs, BEGAN + DAY, ROME)]


def test_a_day_has_what_ran_on_it() -> None:
    """The host for the whole day and a component for its last six hours."""
    state = then(begun(), counts("files", 30), at=BEGAN + 18 * HOUR)

    (day,) = accrued_days(state.costs, BEGAN + DAY, ROME)

    assert {"vps": HOST_DAY, "files": UNIT // 4} == day.by_component_micros


def test_the_days_of_a_month_add_up_to_the_monthly_cost() -> None:
    """Thirty recorded days come to the micro to what the plan says of a month."""
    state = recorded_until(then(begun(), counts("files", 7), at=BEGAN), ROME.end_of(NOVEMBER))

    assert {"vps": 10 * UNIT, "files": 7 * UNIT} == state.costs.months[NOVEMBER]


def test_days_without_a_daemon_are_recorded_afterwards() -> None:
    """Three days later the same events are written as by a daemon that recorded each day at its end."""
    there = begun()
    for ended in range(1, 4):
        recorded_until(there, BEGAN + ended * DAY)
    away = recorded_until(begun(), BEGAN + 3 * DAY)

    assert there.costs == away.costs


def test_a_change_before_the_missing_days_are_recorded_does_not_spoil_them() -> None:
    """What changed on the fourth day leaves the three days before as they were."""
    state = then(begun(), counts("vps", 300), at=BEGAN + 3 * DAY + HOUR)

    days = accrued_days(state.costs, BEGAN + 3 * DAY + HOUR, ROME)

    assert [HOST_DAY, HOST_DAY, HOST_DAY + 1] == [day.by_component_micros["vps"] for day in days]


def test_the_order_of_the_day_and_a_change_after_it_does_not_matter() -> None:
    """A day recorded before or after a change on the next day gives the same sums."""
    at, now = BEGAN + DAY + HOUR, BEGAN + 2 * DAY
    first = begun()
    due = accrued_days(first.costs, at, ROME)
    then(first, *due, counts("files", 30), at=at)
    second = then(begun(), counts("files", 30), *due, at=at)

    assert sums(recorded_until(first, now)) == sums(recorded_until(second, now))


def test_the_running_month_includes_what_is_not_recorded_yet() -> None:
    """Half a day after the last recorded one, its cost is in the month's sum."""
    state = recorded_until(begun(), BEGAN + DAY)

    assert {"vps": 10 * UNIT * 36 // 720} == accrued_in(state.costs, NOVEMBER, BEGAN + 36 * HOUR, ROME)


def test_looking_changes_nothing() -> None:
    """What is due and what a month costs are reckoned on copies: the fold alone moves the state."""
    state = begun()
    before = encode_state(state)
    accrued_days(state.costs, BEGAN + 40 * DAY, ROME)
    accrued_in(state.costs, NOVEMBER, BEGAN + 5 * DAY, ROME)

    assert before == encode_state(state)


def test_the_state_survives_a_snapshot() -> None:
    """Accruals, remainders and sums are in the snapshot."""
    state = recorded_until(then(begun(), counts("files", 7), at=BEGAN + 7), BEGAN + 3 * DAY + 5)

    assert state.costs == msgspec.msgpack.decode(encode_state(state), type=State).costs


def test_years_without_a_daemon_come_in_groups() -> None:
    """One group of days is bounded, and the months kept are."""
    state = begun()

    assert DAYS_AT_ONCE_MAX == len(accrued_days(state.costs, BEGAN + 1_000 * DAY, ROME))
    assert MONTHS_KEPT == len(recorded_until(state, BEGAN + 1_000 * DAY).costs.months)


def test_a_component_that_counts_nothing_any_more_is_forgotten() -> None:
    """Once its days are recorded and the month of its remainder is over, no accrual is kept for it."""
    state = then(begun(), counts("files", 7), at=BEGAN + HOUR)
    then(state, counts("files", 0), at=BEGAN + HOUR + 1)

    assert ["vps"] == list(recorded_until(state, ROME.end_of(NOVEMBER)).costs.accruals)


def test_nothing_accrues_before_a_plan() -> None:
    """A journal without a plan has no day to record."""
    assert [] == accrued_days(then(State(), Started("shop", "0", Mode.ACT)).costs, BEGAN, ROME)


@pytest.mark.parametrize("units", [0, 7, 1_000])
def test_a_change_to_the_same_cost_changes_nothing(units: int) -> None:
    """Steps that keep the cost leave the accrual as it is."""
    one = recorded_until(then(begun(), counts("files", units), at=BEGAN), BEGAN + 2 * DAY)
    other = begun()
    then(other, counts("files", units), at=BEGAN)
    then(other, counts("files", units), at=BEGAN + 5 * HOUR)

    assert sums(one) == sums(recorded_until(other, BEGAN + 2 * DAY))

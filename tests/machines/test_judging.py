"""Judging what closed since the last decision, live, imported and resumed alike: ARCHITECTURE 6 and 7."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendar import Month, calendar_of, month_from_text
from config.instants import DAY
from config.plan import Plan
from config.policies import RollbackAfter
from config.triggers import AllOf
from config.triggers import Attested as AttestedItem
from machines.deciding.facts import Decision, Direction
from machines.events import (
    Attested,
    CountedPayment,
    LevelDecided,
    Mode,
    MonthClosed,
    PaymentsRecorded,
    PlanAdopted,
    Started,
    ThresholdEnded,
    ThresholdSet,
)
from machines.judging import undecided
from machines.revenue.payments import Interval, Kind
from machines.state.whole import State
from tests.deciding.months import at_least
from tests.machines.histories import NOW, SHOP, shop, then

UTC = calendar_of("UTC")
FIRST = month_from_text("2024-01")
DAILY = shop(rollback__after=RollbackAfter.DAILY, revenue__fall_max=Decimal(1))


def paid(month: Month, units: int, day: int = 10, *, payment_id: str = "") -> PaymentsRecorded:
    """One payment at noon of a day of the month."""
    at = UTC.start_of(month) + (day - 1) * DAY + DAY // 2
    payment = CountedPayment(payment_id or f"{month}-{day}", Kind.PAYMENT, units * 10**6, at, Interval.MONTH)
    return PaymentsRecorded("payments", "1-0", at, (payment,))


def closed(month: Month) -> MonthClosed:
    """The month becomes a fact; the figures are those of the book."""
    return MonthClosed(month, "time", 0, 0, 0, 0)


def with_months(*units: int, plan: Plan = SHOP, closes: bool = True) -> State:
    """A journal with one payment in each month from 2024-01 on, closed but undecided."""
    state = then(State(), Started("shop", "1", Mode.ACT), PlanAdopted(plan, "f"))
    months = [FIRST + number for number in range(len(units))]
    days = [20] + [10] * (len(units) - 1)  # never more than 720 hours apart
    then(state, *(paid(month, each, day) for month, each, day in zip(months, units, days, strict=True)))
    return then(state, *(closed(month) for month in months)) if closes else state


def judged(state: State, through: int = 0) -> list[Decision]:
    """What is due, with the days judged up to an instant."""
    return undecided(state, through)


def test_without_a_plan_or_a_payment_nothing_is_due() -> None:
    """There is no first month to judge."""
    assert [] == judged(State())
    assert [] == judged(then(State(), PlanAdopted(SHOP, "f")))


def test_an_open_month_is_not_judged() -> None:
    """It may still grow."""
    assert [] == judged(with_months(1000, closes=False))


def test_each_closed_month_is_judged_once_in_order() -> None:
    """Three closes make three decisions, each standing on the one before; recorded, they are due no more."""
    state = with_months(1000, 1000, 100)
    found = judged(state)

    assert [(FIRST, 0, 1), (FIRST + 1, 1, 2), (FIRST + 2, 2, 0)] == [
        (each.month, each.level_before, each.level) for each in found
    ]
    assert [] == judged(then(state, *(LevelDecided(each) for each in found)))


@settings(max_examples=25)
@given(st.lists(st.integers(0, 1500), min_size=1, max_size=8))
def test_an_import_decides_as_living_through_it_did(units: list[int]) -> None:
    """Judging all closes at the end gives the decisions of judging each at its time."""
    living = then(State(), Started("shop", "1", Mode.ACT), PlanAdopted(SHOP, "f"))
    lived: list[Decision] = []
    for number, each in enumerate(units):
        then(living, paid(FIRST + number, each), closed(FIRST + number))
        due = judged(living)
        then(living, *(LevelDecided(decision) for decision in due))
        lived += due

    assert lived == judged(with_months(*units))


def test_a_late_payment_changes_later_decisions_alone() -> None:
    """What was decided stays; the corrected month counts from the next close on."""
    state = with_months(1000, 100)
    then(state, *(LevelDecided(each) for each in judged(state)))
    then(state, paid(FIRST + 1, 900, day=20), paid(FIRST + 2, 1000), closed(FIRST + 2))

    assert [(FIRST + 2, 2)] == [(each.month, each.level) for each in judged(state)]


def end_of_day(month: Month, day: int) -> int:
    """The first instant after a day of the month."""
    return UTC.start_of(month) + day * DAY


def daily(*units: int) -> State:
    """A journal under `rollback.after: daily` whose closes are decided."""
    state = with_months(*units, plan=DAILY)
    return then(state, *(LevelDecided(each) for each in judged(state, UTC.start_of(FIRST + len(units)))))


def test_days_are_judged_only_where_the_plan_says_so() -> None:
    """The default waits for the close."""
    state = with_months(1000, 1000)
    then(state, *(LevelDecided(each) for each in judged(state)))

    assert [] == judged(state, end_of_day(FIRST + 2, 28))


def test_a_day_whose_trailing_figure_is_too_low_falls() -> None:
    """The last payment leaves the window of 720 hours on 11 March; its day's end takes the level down."""
    found = judged(daily(1000, 1000), end_of_day(FIRST + 2, 28))

    assert [(True, Direction.DOWN, 2, 0)] == [(e.daily, e.direction, e.level_before, e.level) for e in found]
    assert [end_of_day(FIRST + 2, 11)] == [each.at for each in found]


def test_a_day_is_judged_at_its_end() -> None:
    """One microsecond earlier nothing is due."""
    state = daily(1000, 1000)

    assert [] == judged(state, end_of_day(FIRST + 2, 11) - 1)
    assert 1 == len(judged(state, end_of_day(FIRST + 2, 11)))


def test_a_judged_day_is_not_judged_again() -> None:
    """After the fall the days go on from there, and the floor cannot fall."""
    state = daily(1000, 1000)
    then(state, *(LevelDecided(each) for each in judged(state, end_of_day(FIRST + 2, 20))))

    assert 0 == state.deciding.decided.level
    assert [] == judged(state, end_of_day(FIRST + 2, 31))


def test_the_floor_is_judged_on_no_day() -> None:
    """There is nothing below it."""
    assert [] == judged(daily(10), end_of_day(FIRST + 1, 28))


def test_days_between_two_closes_are_judged_with_them() -> None:
    """An import that closes several months finds the falls between them, in order."""
    state = with_months(1000, 1000, 0, 1000, plan=DAILY)
    found = judged(state, UTC.start_of(FIRST + 4))

    assert [(FIRST, False), (FIRST + 1, False), (FIRST + 2, True), (FIRST + 2, False), (FIRST + 3, False)] == [
        (each.month, each.daily) for each in found
    ]
    assert [1, 2, 0, 0, 1] == [each.level for each in found]
    assert found == sorted(found, key=lambda each: each.at)


def test_a_day_whose_window_is_not_known_falls_nowhere() -> None:
    """Unknown is never zero: postings that were forgotten cannot take a level down."""
    state = daily(1000, 1000)
    state.revenue.book.forget_before(end_of_day(FIRST + 2, 31))

    assert [] == judged(state, end_of_day(FIRST + 2, 28))


def test_a_fall_by_two_steps_is_two_days() -> None:
    """Each day chooses its target by its own figure."""
    state = then(State(), Started("shop", "1", Mode.ACT), PlanAdopted(DAILY, "f"))
    then(state, paid(FIRST, 1000), paid(FIRST + 1, 700, 5), paid(FIRST + 1, 300, 20))
    then(state, closed(FIRST), closed(FIRST + 1))
    then(state, *(LevelDecided(each) for each in judged(state, UTC.start_of(FIRST + 2))))
    found = judged(state, end_of_day(FIRST + 2, 31))

    assert [(2, 1), (1, 0)] == [(each.level_before, each.level) for each in found]
    assert [end_of_day(FIRST + 2, 6), end_of_day(FIRST + 2, 21)] == [each.at for each in found]


def test_old_history_does_not_matter() -> None:
    """A journal of ten years judges its last month like one of three."""
    long, short = with_months(*[1000] * 120), with_months(*[1000] * 3)

    assert [2, 2] == [judged(long)[-1].level, judged(short)[-1].level]


def test_a_decision_of_the_last_close_is_where_days_begin() -> None:
    """Days before it were judged with it."""
    state = daily(1000, 1000)
    decision = state.deciding.decision
    assert decision is not None
    state.deciding.decision = msgspec.structs.replace(decision, at=end_of_day(FIRST + 2, 11))

    assert [end_of_day(FIRST + 2, 12)] == [each.at for each in judged(state, end_of_day(FIRST + 2, 31))]


CHECKED = msgspec.structs.replace(
    SHOP,
    levels=(
        *SHOP.levels[:2],
        msgspec.structs.replace(SHOP.levels[2], trigger=AllOf((at_least(600, 2), AttestedItem("audited")))),
    ),
    checklist={"audited": "the auditor signed"},
)


@pytest.mark.parametrize(("now", "level"), [(NOW - 1, 2), (NOW, 1)])
def test_a_close_counts_what_is_attested_when_it_is_judged(now: int, level: int) -> None:
    """What has run out counts no more, also where nobody has recorded its end yet."""
    state = then(with_months(700, 700, plan=CHECKED), Attested("audited", NOW, "a report", "ann"))

    assert level == undecided(state, 0, now)[-1].level


def test_a_set_threshold_decides_from_the_next_close_on() -> None:
    """The level's minimum is the set one, and again the plan's afterwards."""
    cheaper = ThresholdSet(2, 500_000_000, 600_000_000, None, "a discount", "ann")

    assert 1 == judged(with_months(560, 560))[-1].level
    assert 2 == judged(then(with_months(560, 560), cheaper))[-1].level
    assert 1 == judged(then(with_months(560, 560), cheaper, ThresholdEnded(2, 600_000_000, "over")))[-1].level


def test_a_lower_threshold_passes_no_ratio() -> None:
    """Level 2 costs 495: what revenue does not pay for stays blocked."""
    cheapest = ThresholdSet(2, 210_000_000, 600_000_000, None, "a gift", "ann")
    decision = judged(then(with_months(520, 520), cheapest))[-1]

    assert (1, [2]) == (decision.level, [each.level for each in decision.blocked])

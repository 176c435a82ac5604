"""Judging a day's end, `rollback.after: daily`: RESOLUTIONS 6."""

from __future__ import annotations

from config.calendar import calendar_of
from config.instants import DAY
from config.policies import RollbackAfter
from machines.deciding.decision import after, decide, decide_day
from machines.deciding.facts import DecidedState, Decision, Direction
from tests.deciding.months import FIRST_MONTH, UNIT, autobroker, closed

PLAN = autobroker(rollback__after=RollbackAfter.DAILY)
MID_APRIL = calendar_of("UTC").start_of(FIRST_MONTH + 3) + 15 * DAY


def day(trailing: int, level: int = 3) -> Decision:
    """The judgement of 15 April after three closed months."""
    return decide_day(PLAN, closed(5000, 5000, 5000), MID_APRIL, trailing * UNIT, DecidedState(level=level))


def test_a_trailing_figure_below_takes_the_level_down() -> None:
    """The target is chosen by the same figure: 2,000 carries level 2, 1,000 level 1."""
    assert [day(2000).level, day(1000).level, day(0).level] == [2, 1, 0]
    assert (day(2000).direction, day(2000).cause, day(2000).daily) == (Direction.DOWN, "below minimum", True)


def test_a_trailing_figure_within_the_hysteresis_stays() -> None:
    """2,850 is 3,000 less 5 %."""
    assert (day(2850).level, day(2849).level) == (3, 2)


def test_a_day_never_raises() -> None:
    """Whatever the trailing figure, activation waits for a close."""
    decision = day(60000, level=1)

    assert (decision.level, decision.direction, decision.eligible) == (1, Direction.STAY, ())


def test_other_policies_judge_no_day() -> None:
    """`immediate` is never between closes."""
    plan = autobroker(rollback__after=RollbackAfter.IMMEDIATE)

    assert decide_day(plan, closed(5000), MID_APRIL, 0, DecidedState(level=3)).level == 3


def test_a_day_before_any_close_is_judged_too() -> None:
    """There may be no closed month yet."""
    assert decide_day(PLAN, [], MID_APRIL, 0, DecidedState()).level == 0


def test_reactivation_needs_a_full_debounce_of_months_closed_since() -> None:
    """After a fall in April, April and May must close before level 3 is back."""
    state = after(day(0), DecidedState(level=3, decided_through=FIRST_MONTH + 2))
    months = closed(5000, 5000, 5000, 5000, 5000)
    in_april = decide(PLAN, months[:4], state)
    in_may = decide(PLAN, months, after(in_april, state))

    assert (state.level, state.debounce_from, state.decided_through) == (0, FIRST_MONTH + 3, FIRST_MONTH + 2)
    assert [in_april.level, in_may.level] == [1, 3]


def test_a_day_that_stays_leaves_the_state_as_it_is() -> None:
    """Nothing is forgotten by a day on which nothing happens."""
    state = DecidedState(level=3, decided_through=FIRST_MONTH, debounce_from=FIRST_MONTH, partial=("part_4",))

    assert after(decide_day(PLAN, closed(5000), MID_APRIL, 5000 * UNIT, state), state) == state


def test_the_month_of_a_judgement_is_the_running_one() -> None:
    """Its instant is the day's end."""
    decision = day(0)

    assert (decision.month, decision.at) == (FIRST_MONTH + 3, MID_APRIL)

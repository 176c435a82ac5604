"""A dial is turned by its rules, in bounded steps, and says why."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.dials import DialPolicy
from config.instants import DAY, HOUR
from machines.dialing import DialFigures, DialPosition, Rule, turn

POLICY = DialPolicy()
NOW = 1_000 * DAY
percent = st.integers(0, 100)
fractions = st.none() | st.decimals(-1, 3, places=2)


def figures(level: int = 1, **measured: str) -> DialFigures:
    """What is measured, as text."""
    return DialFigures(level, **{name: Decimal(text) for name, text in measured.items()})


@pytest.mark.parametrize(("level", "share"), [(0, 100), (1, 80), (2, 95), (4, 95)])
def test_a_level_has_its_share(level: int, share: int) -> None:
    """100, 80 and 95 % self-hosted by phase, where nothing else is known."""
    assert turn(POLICY, figures(level), None, NOW).position.share_percent == share


@pytest.mark.parametrize(
    ("measured", "share", "rule"),
    [
        ({"growth": "1.01"}, 60, Rule.GROWTH),
        ({"growth": "1.00"}, 80, None),
        ({"margin": "0.71"}, 60, Rule.HIGH_MARGIN),
        ({"margin": "0.70"}, 80, None),
        ({"margin": "0.49"}, 100, Rule.LOW_MARGIN),
        ({"margin": "0.50"}, 80, None),
        ({"accuracy": "0.79"}, 0, Rule.ACCURACY),
        ({"accuracy": "0.80"}, 80, None),
        ({"growth": "2", "margin": "0.49"}, 100, Rule.LOW_MARGIN),
        ({"accuracy": "0.1", "margin": "0.49"}, 0, Rule.ACCURACY),
    ],
)
def test_each_rule_moves_the_dial(measured: dict[str, str], share: int, rule: Rule | None) -> None:
    """Growth and a good margin buy from the API, a bad margin saves, bad accuracy falls back; thresholds are strict."""
    position = turn(POLICY, figures(**measured), None, NOW).position

    assert share == position.share_percent
    assert (rule in position.holding) if rule else (position.holding == ())


def test_a_turn_is_bounded() -> None:
    """One turn goes ten percent at most towards where the dial is wished."""
    moved = turn(POLICY, figures(margin="0.40"), DialPosition(60, 0), NOW)

    assert (70, 100) == (moved.position.share_percent, moved.wished_percent)


def test_turns_are_a_day_apart() -> None:
    """An hour after a turn the dial stands still and says when it may move."""
    moved = turn(POLICY, figures(margin="0.40"), DialPosition(60, NOW - HOUR), NOW)

    assert (60, False) == (moved.position.share_percent, moved.turned)
    assert "the next turn may come at 1972-09-27T23:00:00Z" in moved.reasons


@pytest.mark.parametrize(
    ("margin", "said"),
    [
        ("0.42", "the margin of 0.42 is below 0.50: 20 % more self-hosted"),
        ("0.52", "the margin of 0.52 was below 0.50 and counts as such until 0.55: 20 % more self-hosted"),
        (None, "the margin, unknown now, was below 0.50: 20 % more self-hosted"),
    ],
)
def test_a_rule_that_holds_says_by_what(margin: str | None, said: str) -> None:
    """By its figure, by its hysteresis, or because nobody knows better."""
    measured = {} if margin is None else {"margin": margin}

    reasons = turn(POLICY, figures(**measured), DialPosition(100, 0, (Rule.LOW_MARGIN,)), NOW).reasons

    assert ("level 1 asks for 80 % self-hosted", said) == reasons


def test_the_fall_back_waits_for_nothing() -> None:
    """Bad accuracy takes everything to the API at once."""
    moved = turn(POLICY, figures(accuracy="0.5"), DialPosition(80, NOW - 1), NOW)

    assert (0, True) == (moved.position.share_percent, moved.turned)


@pytest.mark.parametrize(("accuracy", "holds"), [("0.84", True), ("0.85", False)])
def test_a_rule_lets_go_behind_its_hysteresis(accuracy: str, *, holds: bool) -> None:
    """What fell back at 0.80 returns at 0.85, not before."""
    moved = turn(POLICY, figures(accuracy=accuracy), DialPosition(0, 0, (Rule.ACCURACY,)), NOW)

    assert holds is (Rule.ACCURACY in moved.position.holding)


def test_an_unknown_figure_changes_no_rule() -> None:
    """Unknown accuracy neither begins a fall-back nor ends one."""
    assert turn(POLICY, figures(), DialPosition(0, 0, (Rule.ACCURACY,)), NOW).position.share_percent == 0
    assert turn(POLICY, figures(), DialPosition(80, 0), NOW).position.holding == ()


@given(percent, percent, fractions, fractions, fractions, st.integers(0, 5))
def test_no_turn_goes_too_far(
    before: int, shift: int, growth: Decimal | None, margin: Decimal | None, accuracy: Decimal | None, level: int
) -> None:
    """Whatever is measured, the share stays a percentage, and a turn without fall-back stays within its bound."""
    policy = DialPolicy(shift_percent=shift)
    moved = turn(policy, DialFigures(level, growth, margin, accuracy), DialPosition(before, 0), NOW)

    assert 0 <= moved.position.share_percent <= 100
    if Rule.ACCURACY not in moved.position.holding:
        assert abs(moved.position.share_percent - before) <= policy.step_max_percent


@given(percent, st.integers(0, 5))
def test_a_dial_arrives(before: int, level: int) -> None:
    """With unchanged figures a dial reaches where it is wished within eleven turns, and stays."""
    position = DialPosition(before, 0)
    for day in range(1, 12):
        moved = turn(POLICY, figures(level), position, day * DAY)
        position = moved.position

    assert position.share_percent == moved.wished_percent

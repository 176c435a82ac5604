"""Components move legally, at the close's instant, in wave order, and say why: issue 2, ARCHITECTURE 9."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from config.instants import instant_text
from config.loading import load_plan
from machines.backtest.report import Transition
from machines.lifecycle import legal
from machines.lifecycle_states import SETTLED, ComponentState
from tests.backtest.payments import monthly, replayed, shop


def moves(*amounts: str, component: str) -> list[tuple[str, str, str, str]]:
    """The moves of one component over months with these revenues."""
    transitions = replayed(shop(), monthly(*amounts)).transitions
    return [
        (instant_text(each.at)[:10], each.from_state.value, each.to_state.value, each.cause)
        for each in transitions
        if each.component == component
    ]


def settled(transitions: tuple[Transition, ...], state: ComponentState) -> list[str]:
    """The components that came to rest in a state, in order."""
    return [each.component for each in transitions if each.to_state is state and each.from_state is not state]


def test_a_rise_walks_every_state() -> None:
    """COLD, WARMING, WARM, ACTIVATING, HOT at the close that decided it."""
    cause = "level 1: debounce met: 1 of 1 months"

    assert moves("250", "1", component="web") == [
        ("2024-02-01", "COLD", "WARMING", cause),
        ("2024-02-01", "WARMING", "WARM", cause),
        ("2024-02-01", "WARM", "ACTIVATING", cause),
        ("2024-02-01", "ACTIVATING", "HOT", cause),
    ]


def test_a_fall_ends_cold() -> None:
    """HOT, DEACTIVATING, WARM, COLD."""
    assert [each[1:3] for each in moves("250", "0", "1", component="web")[4:]] == [
        ("HOT", "DEACTIVATING"),
        ("DEACTIVATING", "WARM"),
        ("WARM", "COLD"),
    ]


def test_a_stateful_component_rests_warm_and_rises_from_there() -> None:
    """Its data is never destroyed by a decision."""
    states = [each[2] for each in moves("250", "0", "250", "1", component="database")]

    assert states == ["WARMING", "WARM", "ACTIVATING", "HOT", "DEACTIVATING", "WARM", "ACTIVATING", "HOT"]


def test_a_stateful_component_that_no_level_enabled_yet_stays_cold() -> None:
    """There is nothing to keep."""
    assert moves("20", "20", "1", component="database") == []


def test_the_floor_rises_with_the_first_month() -> None:
    """At its first instant, with the cause `floor`; the host has no transitions."""
    transitions = replayed(shop(), monthly("20", "1")).transitions

    assert {(instant_text(each.at), each.component, each.cause) for each in transitions} == {
        ("2024-01-01T00:00:00Z", "files", "floor")
    }


def test_a_fall_is_caused_by_its_rule() -> None:
    """The level that was fallen to, and why."""
    assert {each[3] for each in moves("250", "0", "1", component="web")[4:]} == {"level 0: hard ratio"}


def test_requirements_rise_first_and_fall_last() -> None:
    """The database before the web, and after it on the way down."""
    transitions = replayed(shop(), monthly("250", "0", "1")).transitions
    hot = settled(transitions, ComponentState.HOT)
    falling = settled(transitions, ComponentState.DEACTIVATING)

    assert hot.index("database") < hot.index("web")
    assert falling.index("web") < falling.index("database")


def test_a_jump_raises_lower_levels_first() -> None:
    """All of level 1 before level 2 before level 3."""
    plan = load_plan("autobroker", ["activation.advance=jump"])
    hot = settled(replayed(plan, monthly("5000", "5000", "1")).transitions, ComponentState.HOT)
    ranks = [next(level.index for level in plan.levels if each in level.components) for each in hot]

    assert ranks == sorted(ranks)
    assert ranks[-1] == 3


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["0", "250", "300", "600", "2000"]), min_size=2, max_size=12))
def test_every_move_is_legal_and_continues_the_last(amounts: list[str]) -> None:
    """Each component's moves form one chain from COLD that rests settled, in order of time."""
    transitions = replayed(shop(), monthly(*amounts)).transitions

    assert all(legal(each.from_state, each.to_state) for each in transitions)
    assert all(one.at <= other.at for one, other in pairwise(transitions))
    for component in {each.component for each in transitions}:
        own = [each for each in transitions if each.component == component]
        assert own[0].from_state is ComponentState.COLD
        assert all(one.to_state is other.from_state for one, other in pairwise(own))
        assert own[-1].to_state in SETTLED

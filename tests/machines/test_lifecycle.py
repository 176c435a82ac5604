"""The table of legal moves, and the steps towards a target: ARCHITECTURE 9."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.lifecycle import IllegalMoveError, legal, moved, next_step, state_after, state_while
from machines.lifecycle_states import RAISING, SETTLED, ComponentState, Step
from tests.machines.histories import ACTIVATING, COLD, DEACTIVATING, HOT, WARM, WARMING

TRIGGERS = (
    *(step.value for step in Step),
    *(f"{step.value}_done" for step in Step),
    "give_up",
    "give_up_standing",
    *(f"found_{state.value}" for state in SETTLED),
)
SETTLED_STATES = sorted(SETTLED, key=lambda state: state.value)


@pytest.mark.parametrize(
    ("step", "from_state", "running", "reached"),
    [
        (Step.WARM, COLD, WARMING, WARM),
        (Step.ACTIVATE, WARM, ACTIVATING, HOT),
        (Step.DEACTIVATE, HOT, DEACTIVATING, WARM),
        (Step.DECOMMISSION, WARM, WARM, COLD),
    ],
)
def test_each_step_has_its_way(
    step: Step, from_state: ComponentState, running: ComponentState, reached: ComponentState
) -> None:
    """A step leads from one settled state through its running state to the next settled one."""
    assert (running, reached) == (state_while(step, from_state), state_after(step, running))


@pytest.mark.parametrize("step", Step)
def test_a_step_begins_only_where_it_belongs(step: Step) -> None:
    """Every step is refused from every state but its own; a half-made activation may be taken down too."""
    begins = {
        Step.WARM: {COLD},
        Step.ACTIVATE: {WARM},
        Step.DEACTIVATE: {HOT, ACTIVATING},
        Step.DECOMMISSION: {WARM},
    }
    allowed = set()
    for state in ComponentState:
        try:
            state_while(step, state)
        except IllegalMoveError:
            continue
        allowed.add(state)

    assert begins[step] == allowed


def test_an_unknown_trigger_is_an_illegal_move() -> None:
    """The error names the state and the trigger."""
    with pytest.raises(IllegalMoveError, match="a component that is COLD cannot 'explode'"):
        moved(COLD, "explode")


@given(st.sampled_from(ComponentState), st.lists(st.sampled_from(TRIGGERS), max_size=12))
def test_the_legal_table_is_closed_under_moves(state: ComponentState, triggers: list[str]) -> None:
    """Whatever triggers come, an allowed one makes a legal move and a refused one none."""
    for trigger in triggers:
        try:
            reached = moved(state, trigger)
        except IllegalMoveError:
            continue
        assert legal(state, reached)
        state = reached


def test_reality_may_be_found_anywhere() -> None:
    """From every state a look may find any settled state."""
    found = {(state, end) for state in ComponentState for end in SETTLED if moved(state, f"found_{end.value}") is end}

    assert len(ComponentState) * len(SETTLED) == len(found)


def test_no_running_state_is_entered_from_elsewhere() -> None:
    """A component never begins to activate from COLD, to warm from HOT, or to fall from WARM."""
    entered = {(one, other) for one in ComponentState for other in set(ComponentState) - SETTLED if legal(one, other)}

    assert {(COLD, WARMING), (WARM, ACTIVATING), (HOT, DEACTIVATING), (ACTIVATING, DEACTIVATING)} == entered


@given(st.sampled_from(SETTLED_STATES), st.sampled_from(SETTLED_STATES))
def test_the_steps_lead_to_the_target(state: ComponentState, target: ComponentState) -> None:
    """At most four steps lead from any settled state to any other, never past it and back."""
    raising = []
    for _ in range(4):
        step = next_step(state, target)
        if step is None:
            break
        raising.append(step in RAISING)
        state = state_after(step, state_while(step, state))

    assert state is target
    assert len(set(raising)) <= 1


@pytest.mark.parametrize("running", [WARMING, ACTIVATING, DEACTIVATING])
def test_no_new_step_while_one_runs(running: ComponentState) -> None:
    """What is under way is finished or given up before another step is named."""
    assert [None, None, None] == [next_step(running, target) for target in SETTLED_STATES]


@pytest.mark.parametrize(
    ("state", "trigger", "reached"),
    [(WARMING, "give_up", COLD), (WARMING, "give_up_standing", WARM), (ACTIVATING, "give_up", WARM)],
)
def test_a_raise_may_be_given_up(state: ComponentState, trigger: str, reached: ComponentState) -> None:
    """A raise past its deadline falls back to where the world stands."""
    assert reached is moved(state, trigger)

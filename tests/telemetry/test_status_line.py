"""The one line that `systemctl status` shows."""

from __future__ import annotations

from daemon.telemetry.status_line import status_line
from machines.lifecycle_states import ComponentState, Step
from machines.state.components import ComponentRecord, Intent
from machines.state.whole import State
from tests.simulation.ladder import ladder


def standing() -> State:
    """Two components that serve and one that is warm, one of them under way, one parked."""
    state = State(plan=ladder())
    for name, stands in (
        ("notes", ComponentState.HOT),
        ("cluster", ComponentState.HOT),
        ("vault", ComponentState.WARM),
    ):
        state.components.records[name] = ComponentRecord(name, state=stands)
    state.components.records["cluster"].intent = Intent(Step.DEACTIVATE, "token", 0, 0, 1, 1)
    state.components.records["vault"].parked = "it failed too often"
    return state


def test_it_has_the_level_and_the_counts() -> None:
    """Level, mode, components by state, what is under way and what waits for somebody."""
    state = standing()
    assert state.plan is not None
    count, highest = len(state.plan.components), len(state.plan.levels) - 1

    expected = (
        f"level 0 of {highest}; observe_only; {count} components: 2 HOT, 1 WARM, {count - 3} COLD; "
        "1 under way, 1 parked"
    )
    assert expected == status_line(state)


def test_what_holds_it_is_said() -> None:
    """A freeze and an unwell root stand at the end."""
    state = State()
    state.freezes["clock"] = "the clock jumped"

    assert status_line(state, ["root task http is parked: in use"]).endswith(
        "; frozen: the clock jumped; root task http is parked: in use"
    )


def test_a_plan_that_is_not_there_yet_is_no_error() -> None:
    """Before the first plan there is a line too."""
    assert "level 0; observe_only; 0 components: none at rest; 0 under way, 0 parked" == status_line(State())

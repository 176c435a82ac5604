"""The table of what a step means for what already stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.provisioners.look_first import done_already
from machines.lifecycle_states import RAISING, Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent
from machines.ports.provisioner import Resource, StepDone, StepOrder

LIVE = st.sampled_from([state for state in ResourceState if state is not ResourceState.ABSENT])
LOOKS = st.one_of(
    st.just(Observation(ResourceState.ABSENT)),
    st.builds(Observation, LIVE, st.lists(st.sampled_from(["mine", "other", ""]), min_size=1, max_size=2).map(tuple)),
)
GOALS = {
    Step.WARM: ResourceState.WARM,
    Step.ACTIVATE: ResourceState.HOT,
    Step.DEACTIVATE: ResourceState.WARM,
    Step.DECOMMISSION: ResourceState.ABSENT,
}


def asked(step: Step, seen: Observation) -> StepDone | CallError | None:
    """The table's answer, errors as values."""
    try:
        return done_already(step, StepOrder(Resource("shop", "web"), "mine", 1, 0), seen)
    except CallError as error:
        return error


@given(st.sampled_from(Step), LOOKS)
def test_done_means_that_the_goal_stands_under_the_token(step: Step, seen: Observation) -> None:
    """`done` is said exactly of the step's goal under the order's own token, or of nothing for decommissioning."""
    stands = seen.state is GOALS[step] and (seen.state is ResourceState.ABSENT or seen.tokens == ("mine",))

    assert stands == isinstance(asked(step, seen), StepDone)


@given(LOOKS)
def test_nothing_is_made_while_something_lives(seen: Observation) -> None:
    """Warming is taken only where nothing is, or where the order's own resource is half-made."""
    own_half = seen == Observation(ResourceState.BROKEN, ("mine",))

    assert (asked(Step.WARM, seen) is None) == (seen.state is ResourceState.ABSENT or own_half)


@given(st.sampled_from(Step), LOOKS)
def test_two_resources_are_never_touched(step: Step, seen: Observation) -> None:
    """With two live resources every step is refused for good."""
    if len(seen.tokens) > 1:
        assert isinstance(asked(step, seen), Permanent)


@given(st.sampled_from(Step))
def test_a_change_under_way_is_unknown(step: Step) -> None:
    """While the provider works, no step is taken and none is called done."""
    assert isinstance(asked(step, Observation(ResourceState.CHANGING, ("mine",))), Ambiguous)


@given(st.sampled_from(sorted(set(Step) - RAISING, key=lambda step: step.value)), LOOKS)
def test_removal_needs_what_serves_nobody(step: Step, seen: Observation) -> None:
    """Nothing hot is removed: its data is snapshotted by deactivation first."""
    if step is Step.DECOMMISSION and seen.state is ResourceState.HOT:
        assert isinstance(asked(step, seen), Permanent)

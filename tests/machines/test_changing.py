"""What changes without end is waited for only where nobody wants it lower."""

from __future__ import annotations

import pytest

from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.state.components import ComponentRecord, Intent
from machines.stepping import Resolution, Sight, compare, resolve

CHANGING = Observation(ResourceState.CHANGING, ("ours",))
COLD, WARM, HOT = ComponentState.COLD, ComponentState.WARM, ComponentState.HOT


@pytest.mark.parametrize(
    ("stands", "wanted", "expected"),
    [
        (HOT, HOT, Sight.UNSETTLED),
        (HOT, None, Sight.UNSETTLED),
        (HOT, WARM, Sight.AS_RECORDED),
        (HOT, COLD, Sight.AS_RECORDED),
        (WARM, COLD, Sight.AS_RECORDED),
        (WARM, WARM, Sight.UNSETTLED),
        (WARM, HOT, Sight.UNSETTLED),
        (COLD, HOT, Sight.UNSETTLED),
    ],
)
def test_only_what_is_to_be_lowered_asks_for_its_step(
    stands: ComponentState, wanted: ComponentState | None, expected: Sight
) -> None:
    """A lowering gets an intent with a deadline; everything else is looked at again."""
    record = ComponentRecord("web", stands, token="ours")

    assert expected is compare(record, CHANGING, frozenset({"ours"}), wanted)


def test_what_is_not_ours_is_not_lowered() -> None:
    """A resource that changes under a strange token is looked at until it has settled."""
    record = ComponentRecord("web", HOT, token="ours")
    strange = Observation(ResourceState.CHANGING, ("theirs",))

    assert Sight.UNSETTLED is compare(record, strange, frozenset({"ours"}), COLD)


@pytest.mark.parametrize(
    ("step", "interruptible", "differences", "expected"),
    [
        (Step.DEACTIVATE, False, (), Resolution.WAIT),
        (Step.DEACTIVATE, True, (), Resolution.RETRY),
        (Step.ACTIVATE, True, (), Resolution.WAIT),
        (Step.ACTIVATE, True, ("another image",), Resolution.RETRY),
        (Step.ACTIVATE, False, ("another image",), Resolution.WAIT),
        (Step.WARM, True, ("another image",), Resolution.WAIT),
    ],
)
def test_an_open_intent_interrupts_where_that_helps(
    step: Step, interruptible: bool, differences: tuple[str, ...], expected: Resolution
) -> None:
    """Lowering what can be interrupted, and activating what the options wish otherwise by now, is taken again."""
    seen = Observation(ResourceState.CHANGING, ("ours",), differences=differences, interruptible=interruptible)
    intent = Intent(step, "ours", opened_at=1, deadline_at=100, attempt=1, sequence=1)

    assert expected is resolve(intent, seen, 50)

"""A raise that somebody else took further than it was asked to go."""

from __future__ import annotations

from config.instants import SECOND
from machines.breaker import BreakerLimits
from machines.events import StepEnded, StepOutcome
from machines.granting import GrantLimits
from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.outcomes import after_answer
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, NOW, SHOP, acting, intended, risen

LIMITS = GrantLimits(step_deadline_s=600, breaker=BreakerLimits(failures_max=2))


def test_a_warming_that_is_found_hot_counts_as_hot() -> None:
    """It is recorded as far as it was asked, at the price of what stands (I4)."""
    state = acting(*risen("web", target=COLD), intended("web", Step.WARM, COLD), level=1)
    seen = Observation(ResourceState.HOT, ("token-web",))

    (ended,) = after_answer(
        state,
        SHOP.components["web"],
        StepOutcome.DONE,
        reason="found by its token",
        request_id="",
        seen=seen,
        now=NOW + SECOND,
        limits=LIMITS,
    )

    assert isinstance(ended, StepEnded)
    assert (ComponentState.WARM, 40 * UNIT) == (ended.to_state, ended.committed_micros)

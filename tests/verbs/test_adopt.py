"""`adopt`: give a found resource into solvent's hands."""

from __future__ import annotations

import pytest

from machines.events import PinSet, ResourceAdopted, ResourceUnmanaged
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState
from machines.outcomes import HELD_REASON
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, WARM, acting
from tests.verbs.benches import bench, refused, told


@pytest.mark.parametrize(
    ("found", "state"), [(ResourceState.HOT, HOT), (ResourceState.WARM, WARM), (ResourceState.BROKEN, WARM)]
)
def test_a_found_resource_is_adopted_as_it_stands(found: ResourceState, state: ComponentState) -> None:
    """Under the token it carries, as the next generation, at the cost it was found to have."""
    seen = ResourceUnmanaged("web", found, ("theirs",), 7 * UNIT)
    judged = told("adopt", bench(acting(seen, level=1)), component="web")

    assert ("done", f"adopted web as {state.value}") == (judged.outcome, judged.reason)
    assert (ResourceAdopted("web", "theirs", 1, COLD, state, 7 * UNIT),) == judged.events


def test_what_no_level_enables_is_held_as_it_stands() -> None:
    """Adopting is no order to remove: a pin keeps it until an operator takes that away."""
    seen = ResourceUnmanaged("web", ResourceState.HOT, ("theirs",), 7 * UNIT)
    judged = told("adopt", bench(acting(seen)), component="web")

    assert f"adopted web as HOT, {HELD_REASON}" == judged.reason
    assert PinSet("web", HOT, None, HELD_REASON, "solvent") == judged.events[1]


def test_what_is_pinned_cold_is_not_adopted() -> None:
    """It would be gone a moment later."""
    seen = ResourceUnmanaged("web", ResourceState.HOT, ("theirs",), 7 * UNIT)
    before = bench(acting(seen, PinSet("web", COLD, None, "away", "ann"), level=1))
    reason = "component: web is pinned COLD, so what it adopted would be removed at once: unpin it first"

    refused("adopt", before, reason, component="web")
    refused("adopt", before, reason, component="web", resource="theirs", reason="made by hand")


def test_only_what_was_found_can_be_adopted() -> None:
    """Neither what is ours nor the host."""
    before = bench(acting())

    refused("adopt", before, "component: nothing unmanaged was found for web", component="web")
    refused("adopt", before, "component: vps is the host; it is accounted, never actuated", component="vps")
    refused("adopt", before, "component: missing; expected the id of a component")

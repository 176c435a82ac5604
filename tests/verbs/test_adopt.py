"""`adopt`: give a found resource into solvent's hands."""

from __future__ import annotations

import pytest

from machines.events import ResourceAdopted, ResourceUnmanaged
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, WARM, acting
from tests.verbs.benches import bench, refused, told


@pytest.mark.parametrize(
    ("found", "state"), [(ResourceState.HOT, HOT), (ResourceState.WARM, WARM), (ResourceState.BROKEN, WARM)]
)
def test_a_found_resource_is_adopted_as_it_stands(found: ResourceState, state: ComponentState) -> None:
    """Under the token it carries, as the next generation, at the cost it was found to have."""
    judged = told("adopt", bench(acting(ResourceUnmanaged("web", found, ("theirs",), 7 * UNIT))), component="web")

    assert ("done", f"adopted web as {state.value}") == (judged.outcome, judged.reason)
    assert (ResourceAdopted("web", "theirs", 1, COLD, state, 7 * UNIT),) == judged.events


def test_only_what_was_found_can_be_adopted() -> None:
    """Neither what is ours nor the host."""
    before = bench(acting())

    refused("adopt", before, "component: nothing unmanaged was found for web", component="web")
    refused("adopt", before, "component: vps is the host; it is accounted, never actuated", component="vps")
    refused("adopt", before, "component: missing; expected the id of a component")

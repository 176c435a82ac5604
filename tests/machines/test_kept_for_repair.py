"""What is kept for a repair is freed where nobody repairs it any more, however it came to rest."""

from __future__ import annotations

import pytest

from machines.events import RepairDropped
from machines.lifecycle_states import ComponentState
from machines.observations import Observation, ResourceState
from machines.outcomes import after_sight
from machines.state.components import ComponentRecord
from machines.stepping import Sight, keeps_for_repair
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, NOW, SHOP, WARM

WEB = SHOP.components["web"]
NOTHING = Observation(ResourceState.ABSENT)
FOUND_WARM = Observation(ResourceState.WARM, ("token-web",))


@pytest.mark.parametrize("wanted", [COLD, WARM])
def test_what_was_kept_for_what_is_gone_is_freed(wanted: ComponentState) -> None:
    """What stands nowhere costs nothing; it may rest WARM only where what it requires does, which may be never."""
    record = ComponentRecord("web", since=NOW, committed_micros=40 * UNIT)

    assert keeps_for_repair(WEB, record, NOTHING)
    assert [RepairDropped("web", 0)] == after_sight(WEB, record, NOTHING, Sight.REPAIR_DROPPED, NOW, wanted=wanted)


def test_what_was_kept_before_it_was_parked_is_freed() -> None:
    """Going on after parking forgives the drifts, and what was kept for their repair is still known by its count."""
    record = ComponentRecord("web", state=WARM, since=NOW, committed_micros=40 * UNIT, drifts_at=())

    assert keeps_for_repair(WEB, record, FOUND_WARM)

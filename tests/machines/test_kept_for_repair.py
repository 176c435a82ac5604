"""What is kept for a repair is freed where nobody repairs it any more, however it came to rest."""

from __future__ import annotations

import pytest

from machines.events import ComponentDrifted, RepairDropped
from machines.lifecycle_states import ComponentState
from machines.observations import Observation, ResourceState
from machines.outcomes import after_sight
from machines.state.components import ComponentRecord
from machines.stepping import Sight, keeps_for_repair
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, risen, then

WEB = SHOP.components["web"]
NOTHING = Observation(ResourceState.ABSENT)
FOUND_WARM = Observation(ResourceState.WARM, ("token-web",))
SERVES_OTHERWISE = Observation(ResourceState.HOT, ("token-web",), differences=("replicas are 2, not 3",))
DIFFERED = ComponentDrifted("web", HOT, WARM, ResourceState.HOT, 40 * UNIT, detail="replicas are 2, not 3")
DROPPED = RepairDropped("web", WARM, HOT, 40 * UNIT)


def waiting() -> ComponentRecord:
    """A web server that serves otherwise than wished, and is recorded WARM until it is repaired."""
    return then(acting(*risen("web")), DIFFERED).components.of("web")


@pytest.mark.parametrize("wanted", [COLD, WARM])
def test_what_was_kept_for_what_is_gone_is_freed(wanted: ComponentState) -> None:
    """What stands nowhere costs nothing; it may rest WARM only where what it requires does, which may be never."""
    record = ComponentRecord("web", since=NOW, committed_micros=40 * UNIT)

    assert keeps_for_repair(WEB, record, NOTHING)
    assert [RepairDropped("web", COLD, COLD, 0)] == after_sight(
        WEB, record, NOTHING, Sight.REPAIR_DROPPED, NOW, wanted=wanted
    )


def test_what_was_kept_before_it_was_parked_is_freed() -> None:
    """Going on after parking forgives the drifts, and what was kept for their repair is still known by its count."""
    record = ComponentRecord("web", state=WARM, since=NOW, committed_micros=40 * UNIT, drifts_at=())

    assert keeps_for_repair(WEB, record, FOUND_WARM)


@pytest.mark.parametrize("wanted", [COLD, WARM])
def test_what_serves_otherwise_than_wished_is_recorded_hot_once_nobody_wants_its_repair(wanted: ComponentState) -> None:
    """Which is the truth, and what lowers it."""
    record = waiting()

    assert keeps_for_repair(WEB, record, SERVES_OTHERWISE)
    assert [DROPPED] == after_sight(WEB, record, SERVES_OTHERWISE, Sight.REPAIR_DROPPED, NOW, wanted=wanted)


def test_what_serves_otherwise_than_wished_waits_for_as_long_as_its_repair_is_wanted() -> None:
    """An operator's pause or a breaker may delay that."""
    assert [] == after_sight(WEB, waiting(), SERVES_OTHERWISE, Sight.REPAIR_DROPPED, NOW, wanted=HOT)


def test_a_slow_view_of_what_was_just_lowered_is_no_repair_to_drop() -> None:
    """The drift was before it became WARM: the provider shows yet what solvent took down."""
    lowered = ComponentRecord("web", state=WARM, since=NOW, committed_micros=4 * UNIT, drifts_at=(NOW - 1,))

    assert not keeps_for_repair(WEB, lowered, SERVES_OTHERWISE)


@pytest.mark.parametrize("wanted", [COLD, WARM])
def test_what_is_to_be_lowered_and_may_not_yet_is_no_drift(wanted: ComponentState) -> None:
    """It stands HOT as recorded; nobody repairs it, so nobody undoes a repair, however often it is looked at."""
    record = acting(*risen("web")).components.of("web")

    assert [] == after_sight(WEB, record, SERVES_OTHERWISE, Sight.DIFFERS, NOW, wanted=wanted)
    assert [DIFFERED] == after_sight(WEB, record, SERVES_OTHERWISE, Sight.DIFFERS, NOW, wanted=HOT)


def test_what_was_forgiven_its_drifts_is_recorded_as_it_serves() -> None:
    """After parking a record WARM waits for nothing: what serves is found HOT where nobody wants it repaired."""
    record = ComponentRecord("web", state=WARM, since=NOW, committed_micros=40 * UNIT, drifts_at=())
    (found,) = after_sight(WEB, record, SERVES_OTHERWISE, Sight.DIFFERS, NOW, wanted=WARM)

    assert ComponentDrifted("web", WARM, HOT, ResourceState.HOT, 40 * UNIT, detail="replicas are 2, not 3") == found


def test_a_dropped_repair_stands_hot_and_one_difference_counts_once() -> None:
    """Wanted again, the same difference is found again: that is no foreign writer who undoes a repair."""
    state = then(acting(*risen("web")), DIFFERED, DROPPED)
    record = state.components.of("web")

    assert (HOT, 40 * UNIT, ()) == (record.state, record.committed_micros, record.drifts_at)


def test_a_dropped_repair_of_what_was_found_warm_frees_what_was_kept() -> None:
    """It stands where it stood, and its drift still counts: somebody took it down."""
    fell = ComponentDrifted("web", HOT, WARM, ResourceState.WARM, 40 * UNIT)
    state = then(acting(*risen("web")), fell, RepairDropped("web", WARM, WARM, 4 * UNIT))
    record = state.components.of("web")

    assert (WARM, 4 * UNIT, (NOW,)) == (record.state, record.committed_micros, record.drifts_at)

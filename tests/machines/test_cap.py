"""The cap of the moment: ARCHITECTURE 8."""

from __future__ import annotations

import msgspec

from config.policies import Approval
from machines.events import PlanAdopted
from machines.granting import cap_of
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import SHOP, acting, decided, shop, then

SMALLER = msgspec.structs.replace(SHOP, levels=SHOP.levels[:2])


def test_nothing_decided_means_no_cap_to_spend() -> None:
    """Without a plan or a decision the cap is 0."""
    assert [0, 0] == [cap_of(State()), cap_of(then(State(), PlanAdopted(SHOP, "f")))]


def test_the_cap_is_the_lower_of_burn_and_revenue() -> None:
    """The decision's figure, and never more than the level may burn."""
    assert [150 * UNIT, 200 * UNIT] == [cap_of(acting(level=1, cap=cap)) for cap in (150, 900)]


def test_the_floors_cap_follows_the_newest_measure() -> None:
    """0.90 of it, up to what the floor may burn, and 0 for a loss."""
    assert [9 * UNIT, 50 * UNIT, 0] == [cap_of(acting(measure=measure)) for measure in (10, 1000, -10)]


def test_while_a_level_waits_for_approval_the_released_one_caps() -> None:
    """What was decided and not released pays for nothing yet."""
    state = acting(plan=shop(activation__approval=Approval.MANUAL), level=2)

    assert 50 * UNIT == cap_of(state)


def test_part_of_the_next_level_stands_under_that_levels_burn() -> None:
    """With `activation.partial` the next level is the target: its max burn holds, as it did in the decision."""
    state = acting(level=1, before=1, cap=400, partial=("cluster",))

    assert 400 * UNIT == cap_of(state)
    assert 1000 * UNIT == cap_of(then(state, decided(1, 1, cap=5000, partial=("cluster",))))


def test_warming_ahead_of_the_first_level_stands_under_its_burn() -> None:
    """The floor decides no cap of its own: that of the level to come holds."""
    state = acting()

    ahead = decided(0, prewarm=("database",), cap_micros=70 * UNIT)

    assert 70 * UNIT == cap_of(then(state, ahead))


def test_the_top_level_has_none_above() -> None:
    """A plan that lost its last level while a part of it stood caps by what is left."""
    state = acting(level=1, before=1, cap=400, partial=("cluster",))

    assert 200 * UNIT == cap_of(then(state, PlanAdopted(SMALLER, "other")))

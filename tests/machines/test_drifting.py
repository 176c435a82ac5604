"""What one look says against the record, and what would follow."""

from __future__ import annotations

from typing import Any

from config.instants import SECOND
from machines.drifting import Compared, compared
from machines.events import ComponentDrifted, ComponentParked, Mode, ResourceNamed, ResourceUnmanaged
from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.outcomes import DATA_GONE
from machines.state.components import ComponentRecord
from machines.state.whole import State
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, intended, risen, then

NOTHING = Observation(ResourceState.ABSENT)
OURS = Observation(ResourceState.HOT, ("token-web",))
THEIRS = Observation(ResourceState.HOT, ("theirs",))


def looked(
    state: State, seen: Observation, wanted: ComponentState = HOT, mode: Mode = Mode.ACT, **changes: Any
) -> Compared:
    """One look at the web server."""
    record: ComponentRecord = state.components.of("web")
    return compared(
        SHOP.components["web"],
        record,
        seen,
        known_tokens=frozenset({"token-web"}),
        wanted=wanted,
        mode=mode,
        now=NOW,
        **changes,
    )


def test_what_stands_as_recorded_has_not_drifted() -> None:
    """And nothing is to be done; where it is wanted elsewhere it will move, which is no drift."""
    assert Compared(drifted=False, would="nothing") == looked(acting(*risen("web")), OURS)
    assert Compared(drifted=False, would="move it towards COLD when its turn comes") == looked(
        acting(*risen("web")), OURS, COLD
    )


def test_what_is_gone_would_be_recorded_and_made_again_where_it_is_wanted() -> None:
    """Reality wins; only a wanted component is repaired, and only by a daemon that acts."""
    state = acting(*risen("web"))

    assert Compared(drifted=True, would="record COLD, then warm it") == looked(state, NOTHING)
    assert Compared(drifted=True, would="record COLD") == looked(state, NOTHING, COLD)
    assert Compared(drifted=True, would="record COLD and change nothing while it observes only") == looked(
        state, NOTHING, mode=Mode.OBSERVE_ONLY
    )


def test_differences_would_be_put_right() -> None:
    """Also once the drift was recorded and its repair waits."""
    seen = Observation(ResourceState.HOT, ("token-web",), differences=("replicas are 2, not 3",))
    state = acting(*risen("web"))
    recorded = then(acting(*risen("web")), ComponentDrifted("web", HOT, WARM, ResourceState.HOT, 40))

    assert Compared(drifted=True, would="record WARM, then activate it") == looked(state, seen)
    assert Compared(drifted=True, would="move it towards HOT when its turn comes") == looked(recorded, seen)


def test_what_waited_for_its_repair_would_be_lowered_where_nobody_wants_it() -> None:
    """As it serves: recorded HOT first, which only a waiting repair had made WARM."""
    seen = Observation(ResourceState.HOT, ("token-web",), differences=("replicas are 2, not 3",))
    recorded = then(acting(*risen("web")), ComponentDrifted("web", HOT, WARM, ResourceState.HOT, 40))

    assert Compared(drifted=True, would="record HOT, then deactivate it") == looked(recorded, seen, WARM)


def test_a_foreign_writer_would_park_the_component() -> None:
    """Solvent stops instead of fighting; so it does at the third drift of an hour."""
    seen = Observation(ResourceState.HOT, ("token-web",), foreign_writer="an autoscaler")
    drifted = acting(*risen("web"))
    drifted.components.of("web").drifts_at = (NOW - 2 * SECOND, NOW - SECOND)
    parked = Compared(drifted=True, would="park it: another writer keeps undoing the repair")

    assert parked == looked(acting(*risen("web")), seen)
    assert parked == looked(drifted, NOTHING)


def test_what_is_not_ours_would_be_left_alone_until_it_is_adopted() -> None:
    """It is drift when it is first seen, and a known fact afterwards."""
    known = acting(ResourceUnmanaged("web", ResourceState.HOT, ("theirs",), 7))

    assert Compared(drifted=True, would="count its cost and leave it alone until it is adopted") == looked(
        acting(), THEIRS
    )
    assert Compared(drifted=False, would="leave it alone until it is adopted") == looked(known, THEIRS)
    assert Compared(drifted=True, would="forget what was found: it is gone") == looked(known, NOTHING)


def test_a_named_resource_would_be_adopted_or_the_component_parked() -> None:
    """As two looks find it, or do not."""
    named = acting(ResourceNamed("web", "arn:theirs", "r", "ann"))

    assert Compared(drifted=True, would="adopt arn:theirs") == looked(named, THEIRS)
    assert Compared(drifted=True, would="park it: arn:theirs, which it is to adopt, is not there") == looked(
        named, NOTHING
    )


def test_a_step_under_way_is_no_drift() -> None:
    """What settles it is said instead."""
    state = acting(*risen("web", target=WARM), intended("web", Step.ACTIVATE, WARM))
    idle = looked(state, Observation(ResourceState.WARM, ("token-web",)), mode=Mode.OBSERVE_ONLY)

    assert Compared(drifted=False, would="activate is under way: record it as done") == looked(state, OURS)
    assert Compared(drifted=False, would="activate is under way: leave it open while it observes only") == idle


def test_a_parked_component_is_not_touched() -> None:
    """Its drift is still told."""
    state = acting(*risen("web"), ComponentParked("web", "refused for good"))

    assert Compared(drifted=True, would="nothing, it is parked: refused for good") == looked(state, NOTHING)


def test_a_provider_at_work_is_looked_at_again() -> None:
    """Nothing is known of its end."""
    seen = Observation(ResourceState.CHANGING, ("token-web",))

    assert Compared(drifted=False, would="look again: the provider is at work") == looked(acting(*risen("web")), seen)


def test_a_wanted_component_whose_data_is_gone_would_be_parked() -> None:
    """As after a disaster: nobody gets an empty one unasked; where it is not wanted, it is only recorded."""
    record: ComponentRecord = acting(*risen("database")).components.of("database")
    known = frozenset({"token-database"})
    told = {
        wanted: compared(
            SHOP.components["database"], record, NOTHING, known_tokens=known, wanted=wanted, mode=Mode.ACT, now=NOW
        )
        for wanted in (HOT, WARM, COLD)
    }

    parked = Compared(drifted=True, would=f"record COLD and park it: {DATA_GONE}")
    assert {HOT: parked, WARM: parked, COLD: Compared(drifted=True, would="record COLD")} == told

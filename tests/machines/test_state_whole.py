"""The whole state, folded: ARCHITECTURE 4, 9."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.plan import Plan
from machines.breaker import Breaker
from machines.deciding.facts import DecidedState, Decision
from machines.events import (
    ActorParked,
    ActorResumed,
    BreakerChanged,
    BreakerStatus,
    CommandAnswered,
    ComponentDrifted,
    CursorMoved,
    Event,
    FreezeChanged,
    Mode,
    PaymentsRecorded,
    PlanAdopted,
    Recorded,
    Started,
    WatermarkReached,
)
from machines.lifecycle_states import Step
from machines.moving import wanted_states
from machines.observations import ResourceState
from machines.outcomes import releases
from machines.state.whole import State, fold
from tests.deciding.months import UNIT
from tests.fixtures.event_samples import one_of_each
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, decided, intended, risen, then, with_component


def without(component_id: str, plan: Plan = SHOP) -> PlanAdopted:
    """A newer plan that dropped a component."""
    levels = tuple(
        msgspec.structs.replace(level, components=tuple(each for each in level.components if each != component_id))
        for level in plan.levels
    )
    components = {key: each for key, each in plan.components.items() if key != component_id}
    return PlanAdopted(msgspec.structs.replace(plan, components=components, levels=levels), "newer")


def test_a_start_says_who_and_how() -> None:
    """The newest one counts; before any, nothing is acted upon."""
    state = acting(Started("other", "2", Mode.OBSERVE_ONLY))

    assert (Mode.OBSERVE_ONLY, "other") == (state.mode, state.instance)
    assert Mode.OBSERVE_ONLY is State().mode


def test_the_sequence_is_the_newest_events() -> None:
    """Also after an event that means nothing to the state."""
    state = State()
    fold(state, Recorded(41, NOW, NOW, "test", None, ActorResumed("nobody")))

    assert 41 == state.sequence


def test_freezes_are_held_by_their_keys() -> None:
    """Each ends on its own; frozen is whoever has one, and all reasons are told."""
    clock = FreezeChanged("clock", frozen=True, reason="jumped")
    silent = FreezeChanged("source_silent", frozen=True, reason="silent since May")
    state = acting(clock, silent)
    told = [state.frozen]
    for key in ("clock", "nothing", "source_silent"):
        then(state, FreezeChanged(key, frozen=False))
        told.append(state.frozen)

    assert ["jumped; silent since May", "silent since May", "silent since May", None] == told


def test_a_freeze_without_a_reason_freezes() -> None:
    """Its key is the reason then."""
    assert "audit" == acting(FreezeChanged("audit", frozen=True)).frozen


def test_parked_actors_are_known_until_resumed() -> None:
    """With their reasons."""
    state = acting(ActorParked("revenue", "failed five times"))
    assert {"revenue": "failed five times"} == state.parked_actors

    assert {} == then(state, ActorResumed("revenue")).parked_actors


def test_a_breakers_memory_is_that_of_its_newest_event() -> None:
    """All of it."""
    event = BreakerChanged("provider:simulated", BreakerStatus.HALF_OPEN, (1, 2), 3, 4, "probe", "web")

    expected = {"provider:simulated": Breaker(BreakerStatus.HALF_OPEN, (1, 2), 3, 4, "web")}
    assert expected == acting(event).breakers


@pytest.mark.parametrize(
    "event",
    [
        PaymentsRecorded("in", "7-0", NOW),
        WatermarkReached("in", "7-0", NOW, NOW),
        CursorMoved("in", "7-0", "replaced"),
        CommandAnswered("in", "7-0", "pause", "done", ""),
    ],
    ids=lambda event: type(event).__name__,
)
def test_the_position_moves_with_its_effect(event: Event) -> None:
    """Each stream has its own."""
    assert {"in": "7-0", "other": "1-0"} == acting(CursorMoved("other", "1-0", ""), event).cursors


def test_the_host_counts_while_its_level_lists_it() -> None:
    """It is HOT and costs its price from adoption on, and nothing on a level that superseded it."""
    leaves_host = msgspec.structs.replace(SHOP, levels=(SHOP.levels[0], *(no_host(each) for each in SHOP.levels[1:])))
    state = acting(plan=leaves_host)
    costs = [state.components.of("vps").committed_micros]
    then(state, decided(1))
    costs.append(state.components.of("vps").committed_micros)

    assert HOT is state.components.of("vps").state
    assert [10 * UNIT, 0] == costs


def no_host(level: Any) -> Any:
    """The level without the host."""
    return msgspec.structs.replace(level, components=tuple(each for each in level.components if each != "vps"))


def test_a_newer_plan_changes_the_hosts_price() -> None:
    """The account follows the plan at once."""
    state = acting(PlanAdopted(with_component(SHOP, "vps", monthly_cost_micros=99 * UNIT), "newer"))

    assert 99 * UNIT == state.components.committed_micros


@pytest.mark.parametrize(("recosts", "expected"), [(True, 77), (False, 20)])
def test_what_stands_counts_a_newer_plans_price(recosts: bool, expected: int) -> None:
    """A component that is HOT counts it at once, not from its next step on; events of earlier versions did."""
    dearer = with_component(SHOP, "cache", monthly_cost_micros=77 * UNIT)
    state = acting(*risen("cache"), PlanAdopted(dearer, "newer", recosts=recosts))

    assert expected * UNIT == state.components.of("cache").committed_micros
    assert expected * UNIT == state.costs.accruals["cache"].month_micros


def test_what_waits_for_its_repair_counts_the_newer_plans_full_price() -> None:
    """It is recorded WARM and may serve all the while: a newer plan must not give its cost back."""
    kept = ComponentDrifted("cache", HOT, WARM, ResourceState.HOT, 20 * UNIT, contested=False, detail="it differs")
    dearer = with_component(SHOP, "cache", monthly_cost_micros=77 * UNIT, warm_cost_micros=3 * UNIT)
    state = acting(*risen("cache"), kept, PlanAdopted(dearer, "newer", recosts=True))

    assert 77 * UNIT == state.components.of("cache").committed_micros


def test_what_a_step_is_under_way_for_keeps_its_reservation() -> None:
    """It counts the new price when the step ends."""
    dearer = with_component(SHOP, "cache", monthly_cost_micros=77 * UNIT)
    state = acting(*risen("cache")[:-1], PlanAdopted(dearer, "newer", recosts=True))

    assert 20 * UNIT == state.components.of("cache").committed_micros


def test_a_dropped_host_counts_no_more() -> None:
    """It is no longer what solvent runs on."""
    state = acting(without("vps", with_component(SHOP, "web", requires=("database",))))

    assert 0 == state.components.committed_micros
    assert {} == state.retired


def test_what_a_newer_plan_drops_is_managed_until_it_is_cold() -> None:
    """A running component is retired with its description; a COLD one is forgotten."""
    state = acting(*risen("cache"), without("cache"))

    assert {"cache": SHOP.components["cache"]} == state.retired
    assert SHOP.components["cache"] == state.component("cache")
    assert {} == acting(without("cache")).retired
    assert acting(without("cache")).component("cache") is None


def test_a_step_under_way_retires_a_component() -> None:
    """It must be settled although it is COLD no more, or still."""
    assert ["cache"] == list(acting(intended("cache", Step.WARM, COLD), without("cache")).retired)


def test_what_comes_back_is_retired_no_more() -> None:
    """The newest plan describes it again."""
    assert {} == acting(*risen("cache"), without("cache"), PlanAdopted(SHOP, "again")).retired


def test_a_reservation_of_a_dropped_component_can_be_given_back() -> None:
    """A component that vanished while it was wanted keeps its cost; once dropped, nobody wants the repair."""
    gone = ComponentDrifted("cache", HOT, COLD, ResourceState.ABSENT, 20 * UNIT)
    newer = without("cache")
    state = acting(*risen("cache"), gone, newer)
    then(state, *releases(state, wanted_states(newer.plan, state)))

    assert 10 * UNIT == state.components.committed_micros


def test_a_plan_with_fewer_levels_lowers_the_levels() -> None:
    """Decided and released stay inside the plan."""
    state = acting(PlanAdopted(msgspec.structs.replace(SHOP, levels=SHOP.levels[:2]), "smaller"), level=2)

    assert (1, 1) == (state.deciding.decided.level, state.deciding.released_level)


def test_a_dropped_component_is_no_part_of_the_next_level() -> None:
    """What remains of the part stays wanted."""
    state = acting(without("cluster"), level=1, before=1, partial=("cluster", "search"))

    assert ("search",) == state.deciding.decided.partial


def test_a_plan_keeps_what_was_decided() -> None:
    """Adopting the same levels changes no decision."""
    before = acting(level=1).deciding
    after = acting(PlanAdopted(SHOP, "again"), level=1).deciding

    assert (before.decided, before.released_level) == (after.decided, after.released_level)
    assert DecidedState(1, before.decided.decided_through) == after.decided


def test_every_event_can_be_folded() -> None:
    """Whatever comes first in a journal: no kind of event is refused by an empty state, nor by a snapshot of it."""
    for event in one_of_each():
        state = then(State(), event) if type(event).__name__ != "MonthClosed" else acting()
        assert state == msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State)


@given(
    st.permutations([*risen("files", "database", "cache")[:4], decided(1), FreezeChanged("audit", frozen=True)]),
    st.data(),
)
def test_a_snapshot_goes_on_like_the_fold(events: list[Event], data: st.DataObject) -> None:
    """Wherever a state is encoded and read again, the rest of the journal leads to the same."""
    cut = data.draw(st.integers(0, len(events)))
    whole = acting(*events)
    first = acting(*events[:cut])
    resumed = then(msgspec.msgpack.decode(msgspec.msgpack.encode(first), type=State), *events[cut:])

    assert whole == resumed
    assert isinstance(resumed.deciding.decision, Decision)

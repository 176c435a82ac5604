"""Which components may move, and where to: waves up, waves down, operators in between (ARCHITECTURE 7, 8, 9)."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.plan import Plan
from config.policies import Approval
from machines.breaker import Breaker
from machines.events import (
    ApprovalAsked,
    ApprovalEnded,
    BreakerStatus,
    ComponentParked,
    Event,
    FreezeChanged,
    Mode,
    Pause,
    PauseSet,
    PinSet,
    PlanAdopted,
    ResourceUnmanaged,
    StepOutcome,
)
from machines.granting import breaker_event
from machines.lifecycle_states import ComponentState, Step
from machines.moving import level_reached, moves, order_of, wanted_states
from machines.observations import ResourceState
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import (
    COLD,
    HOT,
    NOW,
    SHOP,
    WARM,
    acting,
    decided,
    ended,
    intended,
    risen,
    shop,
    then,
    walked,
)

SMALL = ("files", "database", "web", "cache")
LARGE = ("files", "database", "web", "cluster", "search")


def moving(state: State) -> dict[str, ComponentState]:
    """The moves of a state under its own plan."""
    assert state.plan is not None
    return moves(state.plan, state, order_of(state.plan))


def pinned(component: str, state: ComponentState) -> PinSet:
    """An operator's pin."""
    return PinSet(component, state, None, "", "ann")


def failing(component: str, step: Step, origin: ComponentState) -> list[Event]:
    """A step at its second attempt."""
    first = intended(component, step, origin)
    again = msgspec.structs.replace(first, from_state=first.to_state, attempt=2)
    return [first, ended(first, StepOutcome.TRANSIENT), again]


def test_the_order_of_a_plan_is_its_waves() -> None:
    """Level by level, inside a level after what is required; the host is in none."""
    order = order_of(SHOP)

    assert (("files",), ("database", "cache"), ("web",), ("cluster", "search")) == order.waves
    assert ("web",) == order.dependants["database"]
    assert {"vps": 0, "files": 0, "database": 1, "web": 1, "cache": 1, "cluster": 2, "search": 2} == order.first_level


def test_a_level_rises_wave_by_wave() -> None:
    """Only the first wave that does not stand may rise."""
    state = acting(level=1)
    waves = []
    for _ in range(3):
        allowed = moving(state)
        waves.append(allowed)
        then(state, *risen(*allowed))

    assert [{"files": HOT}, {"database": HOT, "cache": HOT}, {"web": HOT}] == waves
    assert {} == moving(state)


def test_wave_mates_finish_while_one_of_them_is_parked() -> None:
    """A failure stops what comes after, not what stands beside."""
    state = acting(*risen("files"), ComponentParked("database", "refused"), level=1)

    assert {"cache": HOT} == moving(state)
    assert {} == moving(then(state, *risen("cache")))


def test_a_requirement_that_fell_stops_its_dependants() -> None:
    """The web server does not rise while its database is not HOT again."""
    state = acting(*risen(*SMALL), *walked("web", HOT, COLD), *walked("database", HOT, WARM), level=1)

    assert {"database": HOT} == moving(state)


def test_a_host_always_stands() -> None:
    """A requirement that is the host is never waited for."""
    assert "vps" in SHOP.components["web"].requires
    assert {"web": HOT} == moving(acting(*risen("files", "database", "cache"), level=1))


@pytest.mark.parametrize(
    "state",
    [
        acting(level=2, mode=Mode.OBSERVE_ONLY),
        acting(FreezeChanged("clock", frozen=True), level=2),
        acting(PauseSet(Pause.ALL, None, "", "ann"), level=2),
        acting(PauseSet(Pause.UP, None, "", "ann"), level=2),
    ],
    ids=["observing", "frozen", "paused", "paused up"],
)
def test_nothing_rises_while_held(state: State) -> None:
    """Observing, frozen or paused, the level stays unactuated."""
    assert {} == moving(state)


@pytest.mark.parametrize("scope", [Pause.ALL, Pause.DOWN])
def test_nothing_falls_while_falling_is_paused(scope: Pause) -> None:
    """What runs goes on running."""
    state = acting(*risen(*LARGE, "cache"), PauseSet(scope, None, "", "ann"), level=1)

    assert {} == moving(state)


def test_a_pause_holds_one_direction() -> None:
    """Paused up, what is too much still falls; paused down, what is missing still rises."""
    missing_files = risen("database", "web", "cache", "search")

    assert {"search": COLD} == moving(acting(*missing_files, PauseSet(Pause.UP, None, "", "ann"), level=1))
    assert {"files": HOT} == moving(acting(*missing_files, PauseSet(Pause.DOWN, None, "", "ann"), level=1))


def test_a_level_falls_wave_by_wave() -> None:
    """Dependants first; what is stateful rests WARM."""
    state = acting(*risen(*SMALL), before=1)
    falls = []
    while allowed := moving(state):
        falls.append(allowed)
        for component, target in allowed.items():
            then(state, *walked(component, state.components.of(component).state, target))

    assert [{"web": COLD}, {"database": WARM, "cache": COLD}] == falls


def test_a_dependant_in_trouble_keeps_its_requirement() -> None:
    """The database waits for the web server, also while that one is parked or fails; others do not wait."""
    parked = acting(*risen(*SMALL), ComponentParked("web", "refused"), before=1)
    struggling = acting(*risen(*SMALL), *failing("web", Step.DEACTIVATE, HOT), before=1)

    assert {"cache": COLD} == moving(parked)
    assert {"web": COLD, "cache": COLD} == moving(struggling)


def test_what_is_replaced_falls_after_its_successor_stands() -> None:
    """Make before break: the cache runs until the whole large level is HOT."""
    state = acting(*risen(*SMALL, "cluster"), level=2)
    assert {"search": HOT} == moving(state)

    assert {"cache": COLD} == moving(then(state, *risen("search")))


def test_what_is_above_the_level_waits_only_for_a_hopeful_rise() -> None:
    """A rise that fails, or that a breaker or the cap refuses, does not keep expensive things running."""
    above = [*risen("files", "database", "cache", "search")]
    broken = breaker_event("component:web", Breaker(BreakerStatus.OPEN, (NOW,), NOW, 30), "")
    first = intended("web", Step.WARM, COLD)
    raising = {"web": HOT}

    assert raising == moving(acting(*above, level=1, cap=900, plan=roomy()))
    assert raising == moving(acting(*above, first, level=1, plan=roomy()))
    assert raising | {"search": COLD} == moving(acting(*above, broken, level=1, plan=roomy()))
    assert raising | {"search": COLD} == moving(acting(*above, level=1, cap=50, plan=roomy()))
    assert raising | {"search": COLD} == moving(acting(*above, *failing("web", Step.WARM, COLD), level=1, plan=roomy()))


def roomy() -> Plan:
    """The shop whose small level may burn as much as its large one."""
    levels = (SHOP.levels[0], msgspec.structs.replace(SHOP.levels[1], max_burn_micros=1000 * UNIT), SHOP.levels[2])
    return msgspec.structs.replace(SHOP, levels=levels)


def test_an_unmanaged_resource_is_left_alone() -> None:
    """Neither raised nor lowered until adopted, and what requires it waits."""
    theirs = ResourceUnmanaged("database", ResourceState.HOT, ("theirs",), 60 * UNIT)

    assert {} == moving(acting(*risen("files", "cache"), theirs, level=1))
    assert {} == moving(acting(*risen("files"), theirs))


def test_a_pin_goes_beside_the_waves() -> None:
    """A pinned component rises at once where its requirements stand, and does not hold the waves up."""
    state = acting(pinned("cluster", HOT), pinned("search", HOT), level=1)

    assert {"files": HOT, "cluster": HOT} == moving(state)
    assert {"database": HOT, "cache": HOT} == moving(
        acting(pinned("files", HOT), *risen("files"), pinned("cluster", WARM), *risen("cluster", target=WARM), level=1)
    )


def test_a_pinned_wave_mate_is_not_waited_for() -> None:
    """The second wave is allowed while a pinned member of the first is still rising."""
    state = acting(pinned("files", HOT), level=1)

    assert {"files": HOT, "database": HOT, "cache": HOT} == moving(state)


def test_a_pin_downwards_waits_for_nothing_above() -> None:
    """What an operator takes down falls while its level is still rising."""
    state = acting(*risen("files", "database", "cache"), pinned("cache", COLD), level=1)

    assert {"web": HOT, "cache": COLD} == moving(state)


def test_what_should_be_warm_holds_no_wave_up() -> None:
    """A stateful component on its way back to WARM is no part of the level."""
    state = acting(*risen("database", target=WARM), *walked("database", WARM, COLD))

    assert {"files": HOT, "database": WARM} == {**moving(state), "database": wanted_states(SHOP, state)["database"]}
    assert {"database": WARM} == moving(then(state, *risen("files")))


def test_wanted_states_follow_the_released_level() -> None:
    """HOT where the level lists it; never raised data needs no rest; the host is never listed."""
    expected = {"files": HOT, "web": COLD, "database": COLD, "cache": COLD, "cluster": COLD, "search": COLD}

    assert expected == wanted_states(SHOP, acting())
    assert expected | {"database": WARM} == wanted_states(SHOP, acting(*risen("database")))


def test_part_of_the_next_level_is_wanted_with_it() -> None:
    """Partial components HOT, pre-warmed ones WARM; neither while their decision waits for approval."""
    ahead = {"partial": ("cluster",), "prewarm": ("search",)}
    released = wanted_states(SHOP, acting(level=1, before=1, **ahead))
    manual = shop(activation__approval=Approval.MANUAL)
    waiting = wanted_states(manual, acting(plan=manual, level=1, **ahead))

    assert (HOT, WARM) == (released["cluster"], released["search"])
    assert (COLD, COLD) == (waiting["cluster"], waiting["search"])


def test_a_refused_decision_brings_nothing_of_the_level_after_it() -> None:
    """What it would have warmed ahead stays COLD once it is denied."""
    asked = ApprovalAsked("a1", "level:1", "", "solvent", NOW)
    manual = shop(activation__approval=Approval.MANUAL)
    state = acting(asked, ApprovalEnded("a1", "denied"), plan=manual, level=1, prewarm=("search",))

    assert COLD is wanted_states(manual, state)["search"]


def test_a_pin_lies_over_the_level() -> None:
    """Also over what a newer plan dropped; a pin of nobody changes nothing."""
    without = msgspec.structs.replace(
        SHOP,
        components={key: each for key, each in SHOP.components.items() if key != "cluster"},
        levels=SHOP.levels[:2],
    )
    dropped = [*risen("cluster"), PlanAdopted(without, "smaller")]

    assert COLD is wanted_states(without, acting(*dropped))["cluster"]
    assert WARM is wanted_states(without, acting(*dropped, pinned("cluster", WARM)))["cluster"]
    assert "nobody" not in wanted_states(SHOP, acting(pinned("nobody", HOT)))


def test_what_a_newer_plan_dropped_falls_after_its_levels_rise() -> None:
    """It is no part of any level, and is taken down like what was replaced."""
    levels = tuple(
        msgspec.structs.replace(level, components=tuple(each for each in level.components if each != "cluster"))
        for level in SHOP.levels
    )
    components = {key: each for key, each in SHOP.components.items() if key != "cluster"}
    without = msgspec.structs.replace(SHOP, components=components, levels=levels)
    state = acting(*risen("cluster"), PlanAdopted(without, "smaller"))

    assert {"files": HOT} == moving(state)
    assert {"cluster": COLD} == moving(then(state, *risen("files")))


def test_a_level_is_reached_when_all_of_it_is_hot() -> None:
    """The highest one counts, also above the decided one; a level that misses one component does not."""
    reached = [
        level_reached(SHOP, acting(level=2)),
        level_reached(SHOP, acting(*risen(*SMALL[:-1]), level=1)),
        level_reached(SHOP, acting(*risen(*SMALL), level=1)),
        level_reached(SHOP, acting(*risen(*LARGE), level=1)),
    ]

    assert [0, 0, 1, 2] == reached


events_of = {
    component: st.sampled_from(
        [
            [],
            [],
            risen(component),
            risen(component, target=WARM),
            [*risen(component, target=WARM), intended(component, Step.ACTIVATE, WARM)],
            [*risen(component), intended(component, Step.DEACTIVATE, HOT)],
            [ComponentParked(component, "refused")],
            [pinned(component, HOT)],
            [pinned(component, COLD)],
            [*risen(component), pinned(component, WARM)],
            [ResourceUnmanaged(component, ResourceState.HOT, ("theirs",), 0)],
        ]
    )
    for component in ("files", "database", "web", "cache", "cluster", "search")
}
worlds = st.tuples(*events_of.values()).map(lambda each: [event for events in each for event in events])
RANK = {state: rank for rank, state in enumerate((COLD, WARM, HOT))}


@given(worlds, st.integers(0, 2), st.integers(0, 2))
def test_no_raise_goes_ahead_of_what_it_requires(world: list[Event], level: int, before: int) -> None:
    """In whatever state: every allowed rise has its requirements at its target already, every fall is waited for."""
    state = acting(*world, level=level, before=before)
    wanted = wanted_states(SHOP, state)
    for component, target in moving(state).items():
        record = state.components.of(component)
        assert wanted[component] is target
        assert not record.parked
        assert record.unmanaged is None
        if RANK.get(record.state, 0) < RANK[target] and record.state in RANK:
            needs = [each for each in SHOP.components[component].requires if each != "vps"]
            assert all(RANK.get(state.components.of(each).state, 1) >= RANK[target] for each in needs)
        if record.state is HOT and target is not HOT:
            dependants = [each.id for each in SHOP.components.values() if component in each.requires]
            assert not [
                each for each in dependants if state.components.of(each).state is HOT and wanted[each] is not HOT
            ]


@given(worlds, st.integers(0, 2), st.sampled_from(["mode", "freeze", "pause"]))
def test_whoever_holds_holds_everything(world: list[Event], level: int, holder: str) -> None:
    """Observing, frozen or paused, no world has a move."""
    held: dict[str, list[Event]] = {
        "mode": [],
        "freeze": [FreezeChanged("clock", frozen=True, reason="jumped")],
        "pause": [PauseSet(Pause.ALL, None, "", "ann")],
    }
    mode = Mode.OBSERVE_ONLY if holder == "mode" else Mode.ACT

    assert {} == moving(acting(*world, *held[holder], level=level, mode=mode))


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), min_size=1, max_size=6))
def test_the_decided_level_is_always_reached(course: list[tuple[int, int]]) -> None:
    """However often the target changes on the way: in the end the components stand as the last one wants."""
    state, before = acting(), 0
    for level, steps in [*course, (course[-1][0], 40)]:
        then(state, decided(level, before))
        before = level
        for _ in range(steps):
            allowed = moving(state)
            for component, target in list(allowed.items())[:1]:
                then(state, *walked(component, state.components.of(component).state, target)[:2])

    assert {} == moving(state)
    assert wanted_states(SHOP, state) == {
        each: state.components.of(each).state for each in SHOP.components if each != "vps"
    }

"""A held level: what it moves, what it may cost, who approves it, and what ends it (ARCHITECTURE 7, 8, 11)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.instants import DAY
from config.plan import Plan
from config.policies import Approval
from machines.breaker import BreakerLimits
from machines.deciding.facts import LevelExplanation
from machines.events import (
    ApprovalAsked,
    ApprovalEnded,
    ApprovalGiven,
    Attested,
    Event,
    LevelHeld,
    LevelHoldEnded,
    Pause,
    PauseSet,
    PinSet,
    PlanAdopted,
    ThresholdEnded,
    ThresholdSet,
)
from machines.granting import Grant, GrantLimits, Refusal, cap_of, judge_step
from machines.judging import overtaken_hold
from machines.lifecycle import next_step
from machines.lifecycle_states import Step
from machines.moving import moves, order_of, wanted_states
from machines.state.operators import Operators, expired, fold_operator_event
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, decided, risen, shop, then, walked

LIMITS = GrantLimits(step_deadline_s=600, breaker=BreakerLimits())
LARGE = LevelHeld(2, None, "a fair", "ann")


def stepped(state: State, component: str, step: Step) -> Grant | Refusal:
    """What a step is answered at this moment."""
    allowed = moves(SHOP, state, order_of(SHOP))
    return judge_step(state, component, step, allowed=allowed, now=NOW, epoch=1, limits=LIMITS)


def test_components_move_towards_the_held_level() -> None:
    """Up and down, beside what is decided; afterwards the decision is acted upon again."""
    up, down = acting(LARGE, level=1), acting(LevelHeld(0, None, "", "ann"), *risen("database", "web"), level=1)

    assert [HOT, COLD] == [wanted_states(SHOP, up)[each] for each in ("search", "cache")]
    assert [WARM, COLD, HOT] == [wanted_states(SHOP, down)[each] for each in ("database", "web", "files")]
    assert (1, 1) == (up.deciding.decided.level, up.deciding.released_level)
    assert HOT is wanted_states(SHOP, then(down, LevelHoldEnded("over")))["web"]


def test_pause_and_pin_say_more_than_a_held_level() -> None:
    """A held level says more than the planner only."""
    state = acting(LARGE, PinSet("search", COLD, None, "", "bob"), level=1)

    assert COLD is wanted_states(SHOP, state)["search"]
    assert {} == moves(SHOP, then(state, PauseSet(Pause.ALL, None, "", "bob")), order_of(SHOP))


def test_nothing_ahead_of_the_decided_level_stands_beside_a_held_one() -> None:
    """Partial and warmed components belong to the decision."""
    ahead: dict[str, Any] = {"partial": ("cluster",), "prewarm": ("search",)}

    state = acting(LevelHeld(1, None, "", "ann"), level=1, **ahead)
    assert [COLD, COLD] == [wanted_states(SHOP, state)[each] for each in ("cluster", "search")]


def test_a_decision_that_waits_for_approval_waits_on_beside_a_held_level() -> None:
    """It is released when approved, and acted upon when the hold ends."""
    manual = shop(activation__approval=Approval.MANUAL)
    asked = ApprovalAsked("level-2-4", "level:2", "", "planner", NOW + DAY)

    state = acting(LevelHeld(1, None, "", "ann"), asked, plan=manual, level=2)
    assert (0, 1) == (state.deciding.released_level, state.target_level)
    then(state, ApprovalGiven("level-2-4", "bob", NOW + DAY, ""))
    assert (2, 1) == (state.deciding.released_level, state.target_level)


def test_the_cap_of_a_held_level_is_its_burn_and_what_revenue_pays() -> None:
    """A held level buys nothing that the last close did not pay for."""
    assert [90 * UNIT, 1000 * UNIT] == [cap_of(acting(LARGE, measure=each)) for each in (100, 5000)]
    assert 200 * UNIT == cap_of(acting(LevelHeld(1, None, "", "ann"), level=2, measure=5000, cap=1000))
    assert 0 == cap_of(acting(LARGE, measure=-10))


def test_an_earlier_month_that_paid_for_less_stays_the_limit() -> None:
    """The measure that the debounce tested, of the held level or of the decided one."""
    said = LevelExplanation(2, 1, 2, 1, 2, None, 300 * UNIT, None, False, "")

    assert 270 * UNIT == cap_of(acting(LARGE, level=1, measure=1000, cap=200, explanation=(said,)))
    assert 150 * UNIT == cap_of(acting(LARGE, level=1, measure=1000, cap=150))


def test_what_passes_the_cap_asks_a_second_operator_once_for_the_level() -> None:
    """Whoever held the level asked; the approval covers what the level enables, and nothing else."""
    stands = (*risen("files", "database", "web"), *walked("cluster", COLD, WARM))
    state = acting(LARGE, *stands, level=1, measure=200, cap=180)
    refused = stepped(state, "cluster", Step.ACTIVATE)

    assert isinstance(refused, Refusal)
    (asked,) = refused.events
    assert isinstance(asked, ApprovalAsked)
    assert ("held-level:2", "ann", True) == (asked.subject, asked.by, asked.exceeds_cap)
    assert SHOP.level_cost_micros(2) == asked.total_micros
    assert asked.reason.startswith("495.00 a month in all, 180.00 is the cap, at 200.00 revenue; cluster waits: ")
    state = then(state, asked)
    assert () == getattr(stepped(state, "cluster", Step.ACTIVATE), "events", None)
    granted = stepped(then(state, ApprovalGiven(asked.approval_id, "bob", NOW + DAY, "go")), "cluster", Step.ACTIVATE)
    assert isinstance(granted, Grant)
    assert asked.approval_id == granted.intent.override


def test_an_approval_of_another_level_gives_nothing() -> None:
    """It was for what was asked then."""
    asked = ApprovalAsked("held-level-1-4", "held-level:1", "", "ann", NOW + DAY, exceeds_cap=True)
    given_ = ApprovalGiven("held-level-1-4", "bob", NOW + DAY, "go")
    state = acting(LARGE, asked, given_, *risen("database", "web"), level=1, measure=100, cap=90)

    assert isinstance(stepped(state, "cluster", Step.WARM), Refusal)


@pytest.mark.parametrize(
    ("measure", "level", "daily", "ends"),
    [
        (400, 1, False, True),
        (495, 1, False, False),
        (400, 2, False, False),
        (400, 1, True, False),
        (-1, 0, False, True),
    ],
)
def test_the_hard_ratio_ends_a_hold_above_the_decided_level(measure: int, level: int, daily: bool, ends: bool) -> None:
    """Level 2 costs 495: a close below that ends its hold, unless it decides that level itself."""
    decision = decided(level, measure=measure, daily=daily).decision

    assert ends is bool(overtaken_hold(acting(LARGE), [decision]))


def test_what_a_second_operator_approved_outlives_the_hard_ratio() -> None:
    """Two persons looked at it; the approval has an end of its own."""
    asked = ApprovalAsked("a", "held-level:2", "", "ann", NOW + DAY, exceeds_cap=True)
    low = decided(0, measure=100).decision
    approved = acting(LARGE, asked, ApprovalGiven("a", "bob", NOW + DAY, "go"))

    assert "" == overtaken_hold(approved, [low])
    assert "" != overtaken_hold(then(approved, ApprovalEnded("a", "expired")), [low])


def test_the_last_close_counts_where_a_days_end_follows_it() -> None:
    """A daily judgement asks nothing of the hard ratio."""
    close, day = decided(0, measure=100).decision, decided(0, measure=100, daily=True).decision

    assert "" != overtaken_hold(acting(LARGE), [close, day])


def test_a_hold_that_runs_out_ends_with_what_was_approved_for_it() -> None:
    """Once, each by an event; a pin likewise."""
    asked = ApprovalAsked("a", "held-level:2", "", "ann", NOW + DAY, exceeds_cap=True)
    pinned = ApprovalAsked("b", "component:web", "", "ann", NOW + DAY, exceeds_cap=True)
    state = acting(LevelHeld(2, NOW, "", "ann"), asked, PinSet("web", HOT, NOW, "", "ann"), pinned)

    assert [] == expired(state.operators, NOW - 1)
    ended = expired(state.operators, NOW)
    assert {"LevelHoldEnded", "PinEnded", "ApprovalEnded"} == {type(each).__name__ for each in ended}
    assert {"a", "b"} == {each.approval_id for each in ended if isinstance(each, ApprovalEnded)}
    then(state, *ended)
    assert [] == expired(state.operators, NOW + 10 * DAY)


untils = st.none() | st.integers(NOW, NOW + 20)
held = st.one_of(
    st.builds(lambda level, until: LevelHeld(level, until, "", "ann"), st.integers(0, 2), untils),
    st.just(LevelHoldEnded("taken back")),
    st.builds(
        lambda units, until: ThresholdSet(2, units * UNIT, 600 * UNIT, until, "", "ann"), st.integers(201, 5000), untils
    ),
    st.builds(lambda until: Attested("audited", until, "", "ann"), untils),
    st.builds(lambda name, until: PinSet(name, HOT, until, "", "ann"), st.sampled_from(["search", "cluster"]), untils),
)


@settings(deadline=None)
@given(st.lists(held, max_size=8), st.integers(-100, 2000), st.integers(0, 2))
def test_no_sequence_of_holds_lets_a_step_pass_the_cap(events: list[Event], measure: int, level: int) -> None:
    """Every granted step of what is not the floor leaves the total within the cap of that moment, unapproved."""
    cap = max(0, min(SHOP.levels[level].max_burn_micros // UNIT, measure * 9 // 10))
    state = acting(*events, level=level, measure=measure, cap=cap)
    plan = state.plan
    assert plan is not None
    for _ in range(40):
        allowed = moves(plan, state, order_of(plan))
        grants = []
        for component, target in allowed.items():
            step = next_step(state.components.of(component).state, target)
            if step is not None and component != "files":
                judged = judge_step(state, component, step, allowed=allowed, now=NOW, epoch=1, limits=LIMITS)
                grants += [judged] if isinstance(judged, Grant) else []
        if not grants:
            break
        total = grants[0].intent.total_micros
        before = state.components.committed_micros
        assert total <= max(before, min(cap_of(state), max(0, measure) * 9 * UNIT // 10))
        then(state, *grants[0].events)
        component = grants[0].intent.component
        target = HOT if grants[0].intent.step is Step.ACTIVATE else WARM
        record = state.components.of(component)
        then(
            state,
            *[each for each in walked(component, COLD, target) if getattr(each, "step", None) is record.intent.step][
                1:
            ],
        )  # type: ignore[union-attr]  # just granted


@settings(deadline=None)
@given(st.lists(held, max_size=8))
def test_after_the_last_end_everything_is_as_the_plan_says(events: list[Event]) -> None:
    """Whatever was set and ran out, the plan and the targets are those of a daemon in which nobody held anything."""
    plan: Plan = msgspec.structs.replace(SHOP, checklist={"audited": ""})
    state = acting(*events, plan=plan, level=1)
    then(state, *expired(state.operators, NOW + 20))
    still = state.operators
    over: list[Event] = [ThresholdEnded(level, each.plan_micros, "") for level, each in still.thresholds.items()]
    then(state, *over, LevelHoldEnded("taken back"))
    for component in tuple(still.pins):
        still.pins.pop(component)

    untouched = acting(plan=plan, level=1)
    assert (untouched.plan, untouched.target_level) == (state.plan, state.target_level)
    assert wanted_states(plan, untouched) == wanted_states(plan, state)


def test_folding_ends_of_nothing_changes_nothing() -> None:
    """A second end of the same thing is ignored."""
    operators = acting().operators
    fold_operator_event(operators, LevelHoldEnded("?"))

    assert acting().operators == operators


def test_an_approval_that_runs_out_with_its_hold_ends_once() -> None:
    """Two reasons, one event."""
    asked = ApprovalAsked("a", "held-level:2", "", "ann", NOW, exceeds_cap=True)
    state = acting(LevelHeld(2, NOW, "", "ann"), asked)

    assert 1 == sum(isinstance(each, ApprovalEnded) for each in expired(state.operators, NOW))


def test_another_plan_leaves_nothing_set_beside_the_old_one() -> None:
    """Whatever the journal says before it: no minimum, no level it lacks, no item it does not ask for."""
    smaller = msgspec.structs.replace(SHOP, levels=SHOP.levels[:2])
    threshold = ThresholdSet(2, 700 * UNIT, 600 * UNIT, None, "", "ann")

    state = acting(LARGE, threshold, Attested("audited", None, "", "ann"), PlanAdopted(smaller, "other"))
    assert (Operators(), smaller) == (state.operators, state.plan)

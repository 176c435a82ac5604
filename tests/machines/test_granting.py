"""Granting one step: who says what, in which order; the cap under all of them (ARCHITECTURE 7, 8, 10)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.instants import DAY, HOUR, SECOND
from machines.breaker import Breaker, BreakerLimits
from machines.events import (
    ApprovalAsked,
    ApprovalGiven,
    BreakerChanged,
    BreakerStatus,
    ComponentParked,
    Event,
    FreezeChanged,
    Pause,
    PauseSet,
    PinSet,
    StepIntended,
    StepOutcome,
)
from machines.granting import APPROVAL_LIVES_DAYS, Grant, GrantLimits, Refusal, breaker_event, judge_step
from machines.lifecycle_states import ComponentState, Step
from machines.state.whole import State
from machines.tokens import token
from tests.deciding.months import UNIT
from tests.machines.histories import (
    ACTIVATING,
    COLD,
    DEACTIVATING,
    HOT,
    NOW,
    SHOP,
    WARM,
    WARMING,
    acting,
    ended,
    intended,
    risen,
    then,
    with_component,
)

LIMITS = GrantLimits(step_deadline_s=600, breaker=BreakerLimits())
OPEN, HALF_OPEN = BreakerStatus.OPEN, BreakerStatus.HALF_OPEN


def judged(state: State, component: str, step: Step, target: ComponentState | None = HOT, **more: Any) -> Any:
    """The judgement of a step that the planner wishes for."""
    allowed = {} if target is None else {component: target}
    return judge_step(state, component, step, allowed=allowed, now=NOW, epoch=3, limits=LIMITS, **more)


def opened(name: str, *, cooldown_s: int = 30, status: BreakerStatus = OPEN, probe: str = "") -> BreakerChanged:
    """A breaker that opened this moment."""
    return breaker_event(name, Breaker(status, (NOW,), NOW, cooldown_s, probe), "five failures")


def test_a_granted_step_is_an_intent_with_its_reservation() -> None:
    """Token, generation, running state, cost, deadline, cap and total are all in the one event."""
    expected = StepIntended(
        component="database",
        step=Step.WARM,
        token=token("shop", "database", 1, 3),
        generation=1,
        from_state=COLD,
        to_state=WARMING,
        committed_micros=6 * UNIT,
        deadline_at=NOW + 600 * SECOND,
        cap_micros=200 * UNIT,
        total_micros=16 * UNIT,
    )

    assert Grant((expected,), expected) == judged(acting(level=1), "database", Step.WARM)


def test_the_next_step_keeps_the_token() -> None:
    """Only warming makes a new resource."""
    grant = judged(acting(*risen("database", target=WARM), level=1), "database", Step.ACTIVATE)

    assert ("token-database", 1, WARM, ACTIVATING) == (
        grant.intent.token,
        grant.intent.generation,
        grant.intent.from_state,
        grant.intent.to_state,
    )
    assert (60 * UNIT, 70 * UNIT) == (grant.intent.committed_micros, grant.intent.total_micros)


def test_another_attempt_keeps_deadline_and_token() -> None:
    """It is counted, and nothing is reserved twice."""
    intent = intended("database", Step.WARM, COLD, committed_micros=6 * UNIT, deadline_at=NOW + 7)
    state = acting(intent, ended(intent, StepOutcome.AMBIGUOUS), level=1)
    again = judged(state, "database", Step.WARM).intent

    assert (2, NOW + 7, intent.token, 1) == (again.attempt, again.deadline_at, again.token, again.generation)
    assert (WARMING, WARMING, 16 * UNIT) == (again.from_state, again.to_state, again.total_micros)


@pytest.mark.parametrize("component", ["nobody", "vps"])
def test_only_components_of_the_plan_move(component: str) -> None:
    """Neither a stranger nor the machine that solvent runs on."""
    assert Refusal(f"{component} is not a component of the plan") == judged(acting(), component, Step.WARM)


def test_without_a_plan_nothing_moves() -> None:
    """A journal that adopted none grants nothing."""
    assert Refusal("web is not a component of the plan") == judged(State(), "web", Step.WARM)


def test_a_parked_component_waits_for_its_operator() -> None:
    """The refusal says why it was parked."""
    state = acting(ComponentParked("cache", "refused for good"), level=1)

    assert Refusal("cache is parked: refused for good") == judged(state, "cache", Step.WARM)


@pytest.mark.parametrize(("step", "target"), [(Step.WARM, None), (Step.WARM, COLD), (Step.ACTIVATE, HOT)])
def test_a_new_step_must_be_wished_for(step: Step, target: ComponentState | None) -> None:
    """It must be the next one towards the target, or it is withdrawn."""
    answer = judged(acting(level=1), "cache", step, target)

    assert Refusal(f"nothing asks cache to {step.value} now", withdrawn=True) == answer


def test_an_open_intent_is_not_crossed() -> None:
    """Another step than the one under way is refused."""
    state = acting(intended("cache", Step.WARM, COLD), level=1)

    assert Refusal("cache has an open intent to warm") == judged(state, "cache", Step.DECOMMISSION, COLD)


@pytest.mark.parametrize(
    ("events", "target", "refusal"),
    [
        ([FreezeChanged("clock", frozen=True, reason="jumped")], HOT, Refusal("frozen: jumped", retry_after_s=60)),
        ([PauseSet(Pause.UP, None, "sale", "ann")], HOT, Refusal("paused by ann: sale", retry_after_s=60)),
        ([], COLD, Refusal("cache is no longer wanted", withdrawn=True)),
        ([], None, Refusal("cache is no longer wanted", withdrawn=True)),
    ],
)
def test_another_attempt_of_a_raise_must_still_be_wished_for(
    events: list[Event], target: ComponentState | None, refusal: Refusal
) -> None:
    """A freeze or a pause holds it back, and a changed mind withdraws it."""
    intent = intended("cache", Step.WARM, COLD)
    state = acting(intent, ended(intent, StepOutcome.TRANSIENT), *events, level=1)

    assert refusal == judged(state, "cache", Step.WARM, target)


def test_another_attempt_of_a_lowering_is_always_free() -> None:
    """Saving money waits for no freeze, pause or breaker."""
    intent = intended("cache", Step.DEACTIVATE, HOT)
    held = [FreezeChanged("clock", frozen=True), PauseSet(Pause.ALL, None, "", "ann"), opened("provider:simulated")]
    state = acting(*risen("cache"), intent, ended(intent, StepOutcome.TRANSIENT), *held)

    assert 2 == judged(state, "cache", Step.DEACTIVATE, None).intent.attempt


@pytest.mark.parametrize("name", ["provider:simulated", "component:database"])
def test_an_open_breaker_refuses_a_raise(name: str) -> None:
    """Provider and component have one each; the refusal says when to come back."""
    answer = judged(acting(opened(name), level=1), "database", Step.WARM)

    assert Refusal(f"the breaker {name} is open", retry_after_s=30.0) == answer


def test_a_raise_comes_back_after_a_second_at_the_earliest() -> None:
    """A breaker about to cool down is not hammered."""
    changed = msgspec.structs.replace(opened("provider:simulated"), opened_at=NOW - 30 * SECOND + 1)

    assert 1.0 == judged(acting(changed, level=1), "database", Step.WARM).retry_after_s


def test_a_raise_comes_back_after_the_cool_down_at_the_latest() -> None:
    """Also where the clock was set back since the breaker opened; by more than the cool-down, it is a probe now."""
    little = msgspec.structs.replace(opened("provider:simulated"), opened_at=NOW + 20 * SECOND)
    day = msgspec.structs.replace(little, opened_at=NOW + DAY)

    assert 30.0 == judged(acting(little, level=1), "database", Step.WARM).retry_after_s
    grant = judged(acting(day, level=1), "database", Step.WARM)
    assert [(HALF_OPEN, "database")] == [(each.status, each.probe) for each in grant.events[:-1]]


def test_a_probe_under_way_is_waited_for_no_longer_than_the_cool_down() -> None:
    """Whoever is refused for it comes back in time, also where it began before the clock was set back a day."""
    probe = opened("provider:simulated", status=HALF_OPEN, probe="cache")
    changed = msgspec.structs.replace(probe, opened_at=NOW + DAY)
    state = acting(intended("cache", Step.WARM, COLD), changed, level=1)

    assert 1.0 == judged(state, "database", Step.WARM).retry_after_s


def test_another_components_breaker_does_not_matter() -> None:
    """Neither a sibling's nor another provider's."""
    state = acting(opened("component:cache"), opened("provider:other"), level=1)

    assert isinstance(judged(state, "database", Step.WARM), Grant)


def test_a_cooled_breaker_takes_one_probe() -> None:
    """The half-open memory becomes durable before the intent, and names its component."""
    state = acting(opened("provider:simulated", cooldown_s=0), level=1)
    grant = judged(state, "database", Step.WARM)

    assert [BreakerChanged, StepIntended] == [type(event) for event in grant.events]
    assert ("provider:simulated", HALF_OPEN, "database") == (
        grant.events[0].breaker,
        grant.events[0].status,
        grant.events[0].probe,
    )
    assert (
        "the breaker provider:simulated is half_open" == judged(then(state, *grant.events), "cache", Step.WARM).reason
    )


def test_the_probe_itself_may_try_again() -> None:
    """It is not refused by the breaker that it probes, and asks for no second probe."""
    state = acting(opened("provider:simulated", cooldown_s=0), level=1)
    state = then(state, *judged(state, "database", Step.WARM).events)
    grant = judged(state, "database", Step.WARM)

    assert (grant.intent,) == grant.events
    assert 2 == grant.intent.attempt


def test_a_probe_without_an_intent_is_taken_over() -> None:
    """A probe that was given up unanswered does not lock the provider for good."""
    state = acting(opened("provider:simulated", status=HALF_OPEN, probe="web"), level=1)
    grant = judged(state, "database", Step.WARM)

    assert "database" == grant.events[0].probe


def test_a_lowering_passes_an_open_breaker() -> None:
    """Saving money stays possible."""
    state = acting(*risen("cache"), opened("provider:simulated"), opened("component:cache"))

    assert isinstance(judged(state, "cache", Step.DEACTIVATE, COLD), Grant)


def test_an_unknown_price_is_never_raised() -> None:
    """The refusal says what the plan must state."""
    plan = with_component(SHOP, "cache", monthly_cost_micros=None)
    state = acting(*risen("cache", target=WARM), plan=plan, level=1)

    assert Refusal("the price of cache is unknown: state its monthly_cost in the plan") == judged(
        state, "cache", Step.ACTIVATE
    )


def test_the_floor_is_exempt_from_the_cap() -> None:
    """Level 0 rises without any revenue."""
    grant = judged(acting(*risen("files", target=WARM), measure=0), "files", Step.ACTIVATE)

    assert (None, 5 * UNIT) == (grant.intent.cap_micros, grant.intent.committed_micros)


def test_a_step_over_the_cap_is_refused() -> None:
    """What is missing is said; nobody is asked where no operator wished for it."""
    state = acting(*risen("database", target=WARM), level=1, cap=50)

    assert Refusal("70.00 a month would pass the cap of 50.00 by 20.00", over_cap=True) == judged(
        state, "database", Step.ACTIVATE
    )


def over_cap(*events: Event) -> State:
    """A database that an operator pinned HOT although the cap is 50."""
    pin = PinSet("database", HOT, None, "the sale", "ann")
    return acting(*risen("database", target=WARM), pin, *events, level=1, cap=50)


def test_an_operators_step_over_the_cap_asks_a_second_one() -> None:
    """The question names who asked, the amount in all and until when it may be answered; it is asked once."""
    state = over_cap()
    asked = judged(state, "database", Step.ACTIVATE)
    over = "70.00 a month would pass the cap of 50.00 by 20.00"
    question = ApprovalAsked(
        f"database-{state.sequence + 1}",
        "component:database",
        f"70.00 a month in all, 50.00 is the cap, at 1000.00 revenue; database waits: {over}",
        "ann",
        NOW + APPROVAL_LIVES_DAYS * DAY,
        exceeds_cap=True,
        total_micros=70 * UNIT,
    )

    assert Refusal(f"{over} (missing 20.00)", over_cap=True, events=(question,)) == asked
    assert () == judged(then(state, question), "database", Step.ACTIVATE).events


def test_an_approved_step_may_exceed_the_cap() -> None:
    """The intent names the approval."""
    asked = ApprovalAsked("a1", "component:database", "", "ann", NOW + DAY, exceeds_cap=True)
    state = over_cap(asked, ApprovalGiven("a1", "bob", NOW + HOUR, "yes"))
    grant = judged(state, "database", Step.ACTIVATE)

    assert ("a1", 50 * UNIT, 70 * UNIT) == (grant.intent.override, grant.intent.cap_micros, grant.intent.total_micros)


def test_an_approval_that_ran_out_allows_nothing_though_its_end_is_not_recorded() -> None:
    """The look for what expired comes every few seconds, and after a downtime not before the first step."""
    asked = ApprovalAsked("a1", "component:database", "", "ann", NOW + DAY, exceeds_cap=True)
    state = over_cap(asked, ApprovalGiven("a1", "bob", NOW, "yes"))

    assert isinstance(judged(state, "database", Step.ACTIVATE), Refusal)


def test_an_approval_allows_what_its_question_named_and_more_asks_anew() -> None:
    """Up to the amount it grants; above it another question replaces one that waits and is too small."""
    asked = ApprovalAsked("a1", "component:database", "", "ann", NOW + DAY, exceeds_cap=True, total_micros=70 * UNIT)
    enough = over_cap(asked, ApprovalGiven("a1", "bob", NOW + HOUR, "yes"))
    less = msgspec.structs.replace(asked, total_micros=70 * UNIT - 1)
    small = over_cap(less, ApprovalGiven("a1", "bob", NOW + HOUR, "yes"))
    more = judged(small, "database", Step.ACTIVATE)

    assert isinstance(judged(enough, "database", Step.ACTIVATE), Grant)
    assert [70 * UNIT] == [each.total_micros for each in more.events]
    assert ["a1"] == [each.approval_id for each in judged(over_cap(less), "database", Step.ACTIVATE).events[:1]]


@pytest.mark.parametrize(
    ("subject", "exceeds_cap"), [("component:database", False), ("component:cache", True), ("level:1", True)]
)
def test_no_other_approval_exceeds_the_cap(subject: str, exceeds_cap: bool) -> None:
    """It must be of this component, and given for exactly that."""
    asked = ApprovalAsked("a1", subject, "", "ann", NOW + DAY, exceeds_cap=exceeds_cap)
    answer = judged(over_cap(asked, ApprovalGiven("a1", "bob", NOW + HOUR, "")), "database", Step.ACTIVATE)

    assert isinstance(answer, Refusal)


@given(st.integers(0, 700), st.permutations(["database", "web", "cache", "cluster", "search"]))
def test_no_order_of_steps_passes_the_cap(cap: int, order: list[str]) -> None:
    """Whatever is granted, committed and reserved stay within the cap of the moment."""
    state = acting(level=2, cap=cap)
    for component in order:
        for step in (Step.WARM, Step.ACTIVATE):
            grant = judged(state, component, step)
            if isinstance(grant, Refusal):
                break
            before = state.components.committed_micros
            then(state, *grant.events, ended(grant.intent))
            assert grant.intent.total_micros <= max(before, cap * UNIT)

    assert state.components.committed_micros <= max(cap, 10) * UNIT


def test_a_half_made_activation_may_be_taken_down() -> None:
    """Its compensation is another step of the same resource."""
    intent = intended("cache", Step.DEACTIVATE, ACTIVATING)
    state = acting(*risen("cache", target=WARM), intent, ended(intent, StepOutcome.TRANSIENT))

    assert DEACTIVATING is judged(state, "cache", Step.DEACTIVATE, None).intent.to_state

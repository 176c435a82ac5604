"""What follows from an answer or from a look: ARCHITECTURE 4, 9 and 10."""

from __future__ import annotations

import pytest

from config.instants import SECOND
from machines.breaker import Breaker, BreakerLimits
from machines.events import (
    BreakerChanged,
    BreakerStatus,
    ComponentDrifted,
    ComponentParked,
    ComponentUnparked,
    Event,
    IntentAbandoned,
    RepairDropped,
    ResourceGone,
    ResourceUnmanaged,
    StepEnded,
    StepIntended,
    StepOutcome,
)
from machines.granting import GrantLimits, breaker_event, breaker_names
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.outcomes import (
    CONTESTED_WINDOW_S,
    after_answer,
    after_deadline,
    after_sight,
    releases,
)
from machines.state.components import ComponentRecord
from machines.state.whole import State
from machines.stepping import Sight, keeps_for_repair
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
    intended,
    risen,
    then,
    with_component,
)

LIMITS = GrantLimits(step_deadline_s=600, breaker=BreakerLimits(failures_max=2))
WEB = SHOP.components["web"]
BROKEN = Observation(ResourceState.BROKEN, ("token-web",))
IS_WARM = Observation(ResourceState.WARM, ("token-web",))
NOTHING = Observation(ResourceState.ABSENT)
FAILURES = (StepOutcome.TRANSIENT, StepOutcome.AMBIGUOUS)


def under_way(step: Step, *events: Event) -> State:
    """The web server with a step under way."""
    origin = {Step.WARM: COLD, Step.ACTIVATE: WARM, Step.DEACTIVATE: HOT, Step.DECOMMISSION: WARM}[step]
    return acting(*risen("web", target=origin), *events, intended("web", step, origin), level=1)


def answered(state: State, outcome: StepOutcome, seen: Observation | None = None) -> list[Event]:
    """The events of an answer to the web server's step."""
    return after_answer(state, WEB, outcome, reason="why", request_id="r1", seen=seen, now=NOW + SECOND, limits=LIMITS)


@pytest.mark.parametrize(
    ("step", "running", "reached", "units"),
    [
        (Step.WARM, WARMING, WARM, 4),
        (Step.ACTIVATE, ACTIVATING, HOT, 40),
        (Step.DEACTIVATE, DEACTIVATING, WARM, 4),
        (Step.DECOMMISSION, WARM, COLD, 0),
    ],
)
def test_a_done_step_settles(step: Step, running: ComponentState, reached: ComponentState, units: int) -> None:
    """The component stands in its new state at that state's price."""
    expected = StepEnded(
        "web", step, "token-web", StepOutcome.DONE, running, reached, units * UNIT, "why", "r1", observed=None
    )

    assert [expected] == answered(under_way(step), StepOutcome.DONE)


@pytest.mark.parametrize("outcome", [*FAILURES, StepOutcome.PERMANENT])
@pytest.mark.parametrize("step", Step)
def test_any_other_answer_keeps_state_and_reservation(step: Step, outcome: StepOutcome) -> None:
    """What may cost money stays counted."""
    state = under_way(step)
    record = state.components.of("web")
    end = answered(state, outcome)[0]

    assert isinstance(end, StepEnded)
    assert (record.state, record.state, 40 * UNIT) == (end.from_state, end.to_state, end.committed_micros)


def test_an_answer_without_an_intent_is_nothing() -> None:
    """A late reply to what was given up changes nothing."""
    assert [] == answered(acting(*risen("web"), level=1), StepOutcome.DONE)


@pytest.mark.parametrize("step", Step)
def test_a_permanent_answer_parks(step: Step) -> None:
    """An operator must look; the reason is the provider's."""
    events = answered(under_way(step), StepOutcome.PERMANENT)

    assert ComponentParked("web", f"{step.value} was refused for good: why") == events[-1]
    assert 2 == len(events)


def test_a_permanent_answer_with_a_look_stands_where_the_world_is() -> None:
    """The intent is given up at what was seen, and only then the component is parked."""
    ended, abandoned, parked = answered(under_way(Step.WARM), StepOutcome.PERMANENT, NOTHING)

    assert isinstance(ended, StepEnded)
    assert ResourceState.ABSENT is ended.observed
    assert IntentAbandoned("web", "token-web", WARMING, COLD, 0, "why") == abandoned
    assert isinstance(parked, ComponentParked)


@pytest.mark.parametrize("outcome", FAILURES)
def test_failures_of_raises_are_counted_twice_over(outcome: StepOutcome) -> None:
    """Once for the provider and once for the component; the last one allowed opens both."""
    state = under_way(Step.WARM)
    first = answered(state, outcome)
    second = answered(then(state, *first), outcome)

    names = ["provider:simulated", "component:web"]
    assert names == [event.breaker for event in first[1:] if isinstance(event, BreakerChanged)]
    assert [(BreakerStatus.CLOSED, "")] * 2 == [(each.status, each.reason) for each in changes(first)]
    assert [(BreakerStatus.OPEN, "why")] * 2 == [(each.status, each.reason) for each in changes(second)]


def changes(events: list[Event]) -> list[BreakerChanged]:
    """The breakers' changes among events."""
    return [event for event in events if isinstance(event, BreakerChanged)]


@pytest.mark.parametrize("outcome", StepOutcome)
@pytest.mark.parametrize("step", [step for step in Step if step not in RAISING])
def test_lowering_teaches_the_breakers_nothing(step: Step, outcome: StepOutcome) -> None:
    """Saving money is not gated, so its failures say nothing."""
    assert [] == changes(answered(under_way(step), outcome))


@pytest.mark.parametrize("outcome", [StepOutcome.DONE, StepOutcome.PERMANENT])
def test_a_settled_probe_closes_the_breaker(outcome: StepOutcome) -> None:
    """Also a refusal for good is an answer: the provider is there."""
    probing = breaker_event("provider:simulated", Breaker(BreakerStatus.HALF_OPEN, (NOW,), NOW, 30, "web"), "")
    closed = changes(answered(under_way(Step.WARM, probing), outcome))

    assert [breaker_event("provider:simulated", Breaker(), "")] == closed


def test_a_failed_probe_opens_the_breaker_for_longer() -> None:
    """Its cool-down grows."""
    probing = breaker_event("provider:simulated", Breaker(BreakerStatus.HALF_OPEN, (), NOW, 30, "web"), "")
    again = changes(answered(under_way(Step.WARM, probing), StepOutcome.TRANSIENT))[0]

    assert (BreakerStatus.OPEN, 60, "why") == (again.status, again.cooldown_s, again.reason)


@pytest.mark.parametrize("step", Step)
def test_a_begun_step_leaves_its_intent_open(step: Step) -> None:
    """State, reservation, token and intent stay; only a look, or another attempt, ends it."""
    state = under_way(step)
    record, open_intent = state.components.of("web"), state.components.of("web").intent
    events = answered(state, StepOutcome.BEGUN)
    then(state, *events)

    (end,) = events
    assert isinstance(end, StepEnded)
    assert (StepOutcome.BEGUN, record.state, record.state, 40 * UNIT) == (
        end.outcome,
        end.from_state,
        end.to_state,
        end.committed_micros,
    )
    after = state.components.of("web")
    assert open_intent is not None
    assert after.intent is not None
    assert (open_intent.step, open_intent.token, open_intent.deadline_at) == (
        after.intent.step,
        after.intent.token,
        after.intent.deadline_at,
    )
    assert (record.state, "", 40 * UNIT) == (after.state, after.parked, after.committed_micros)


def test_a_begun_step_closes_the_providers_probe_and_not_the_components() -> None:
    """The provider answers; whether the component comes up is not known before it stands."""
    provider = breaker_event("provider:simulated", Breaker(BreakerStatus.HALF_OPEN, (NOW,), NOW, 30, "web"), "")
    component = breaker_event("component:web", Breaker(BreakerStatus.HALF_OPEN, (NOW,), NOW, 30, "web"), "")
    state = under_way(Step.WARM, provider, component)
    begun = changes(answered(state, StepOutcome.BEGUN))

    assert [breaker_event("provider:simulated", Breaker(), "")] == begun
    assert [breaker_event("component:web", Breaker(), "")] == changes(answered(then(state, *begun), StepOutcome.DONE))


def test_a_begun_step_is_no_failure() -> None:
    """However often: after as many as would open a breaker, none has learnt anything."""
    state = under_way(Step.WARM)
    for _ in range(LIMITS.breaker.failures_max + 1):
        events = answered(state, StepOutcome.BEGUN)
        assert [] == changes(events)
        then(state, *events)

    assert {} == state.breakers


def test_the_failures_are_those_of_the_named_provider() -> None:
    """A component that names its failure domain teaches that one's breaker, not its kind's."""
    elsewhere = with_component(SHOP, "web", provider="aws/eu-central-1").components["web"]
    state = under_way(Step.WARM)
    events = after_answer(
        state, elsewhere, StepOutcome.TRANSIENT, reason="why", request_id="", seen=None, now=NOW, limits=LIMITS
    )

    assert ["provider:aws/eu-central-1", "component:web"] == [each.breaker for each in changes(events)]
    assert ("provider:simulated", "component:web") == breaker_names(WEB)


def too_late(step: Step, seen: Observation, *, compensate: bool) -> list[Event]:
    """The events of a raise that cannot be reached any more."""
    record = under_way(step).components.of("web")
    return after_deadline(WEB, record, seen, compensate=compensate, now=NOW, limits=LIMITS)


def test_a_late_raise_is_given_up_where_it_stands() -> None:
    """Nothing is half made, so nothing is taken back."""
    reason = "the deadline passed"

    assert [IntentAbandoned("web", "token-web", WARMING, COLD, 0, reason)] == too_late(
        Step.WARM, NOTHING, compensate=False
    )
    assert [IntentAbandoned("web", "token-web", ACTIVATING, WARM, 4 * UNIT, reason)] == too_late(
        Step.ACTIVATE, IS_WARM, compensate=False
    )


def test_the_last_answer_is_the_reason_for_giving_up() -> None:
    """It says more than a deadline."""
    state = under_way(Step.WARM)
    then(state, *answered(state, StepOutcome.TRANSIENT))
    found = after_deadline(WEB, state.components.of("web"), NOTHING, compensate=False, now=NOW, limits=LIMITS)

    assert ["why"] == [event.reason for event in found if isinstance(event, IntentAbandoned)]


def test_a_half_made_warming_is_decommissioned() -> None:
    """It is given up as standing WARM at its full cost, and its removal is the next intent, under the same token."""
    abandoned, undo = too_late(Step.WARM, BROKEN, compensate=True)

    assert IntentAbandoned("web", "token-web", WARMING, WARM, 40 * UNIT, "the deadline passed") == abandoned
    assert (
        StepIntended("web", Step.DECOMMISSION, "token-web", 1, WARM, WARM, 40 * UNIT, deadline_at=NOW + 600 * SECOND)
        == undo
    )


def test_a_half_made_activation_is_deactivated() -> None:
    """One intent takes it back to WARM."""
    assert [
        StepIntended(
            "web",
            Step.DEACTIVATE,
            "token-web",
            1,
            ACTIVATING,
            DEACTIVATING,
            40 * UNIT,
            deadline_at=NOW + 600 * SECOND,
        )
    ] == too_late(Step.ACTIVATE, BROKEN, compensate=True)


@pytest.mark.parametrize("compensate", [False, True])
def test_what_has_no_intent_cannot_be_late(compensate: bool) -> None:
    """It was settled meanwhile."""
    record = acting(*risen("web")).components.of("web")

    assert [] == after_deadline(WEB, record, BROKEN, compensate=compensate, now=NOW, limits=LIMITS)


def sighted(record: ComponentRecord, seen: Observation, sight: Sight, wanted: ComponentState = COLD) -> Event:
    """The event of a look at the web server."""
    (event,) = after_sight(WEB, record, seen, sight, NOW, wanted=wanted)
    return event


def test_an_unmanaged_resource_is_costed() -> None:
    """With the tokens that it carries."""
    seen = Observation(ResourceState.HOT, ("theirs",))

    assert ResourceUnmanaged("web", ResourceState.HOT, ("theirs",), 40 * UNIT) == sighted(
        ComponentRecord("web"), seen, Sight.UNMANAGED
    )
    assert ResourceGone("web") == sighted(ComponentRecord("web"), NOTHING, Sight.UNMANAGED_GONE)


FOUND_WARM = Observation(ResourceState.WARM, ("token-web",))


def test_what_was_kept_for_a_repair_that_nobody_wants_is_freed() -> None:
    """It counts what it costs as it was found."""
    record = ComponentRecord("web", state=WARM, since=NOW, committed_micros=40 * UNIT, drifts_at=(NOW,))

    assert keeps_for_repair(WEB, record, FOUND_WARM)
    assert RepairDropped("web", WARM, WARM, 4 * UNIT) == sighted(record, FOUND_WARM, Sight.REPAIR_DROPPED, WARM)


def test_what_is_kept_for_a_repair_that_is_wanted_stays_kept() -> None:
    """The level still asks for it: the repair may wait for an operator's pause to end."""
    record = ComponentRecord("web", state=WARM, since=NOW, committed_micros=40 * UNIT, drifts_at=(NOW,))

    assert [] == after_sight(WEB, record, FOUND_WARM, Sight.REPAIR_DROPPED, NOW, wanted=HOT)


@pytest.mark.parametrize(("found", "units"), [(ResourceState.HOT, 40), (ResourceState.WARM, 0)])
def test_nothing_is_kept_where_a_look_does_not_agree_or_it_was_freed(found: ResourceState, units: int) -> None:
    """It is asked once, on a third look that agrees."""
    record = ComponentRecord("web", state=WARM, since=NOW, committed_micros=units * UNIT, drifts_at=(NOW,))

    assert not keeps_for_repair(WEB, record, Observation(found, ("token-web",)))


@pytest.mark.parametrize(("wanted", "units"), [(HOT, 40), (WARM, 0), (COLD, 0)])
def test_only_what_is_wanted_hot_keeps_its_reservation(wanted: ComponentState, units: int) -> None:
    """Its repair needs no new one; what nobody wants counts what was found."""
    record = acting(*risen("web")).components.of("web")

    assert ComponentDrifted("web", HOT, COLD, ResourceState.ABSENT, units * UNIT) == sighted(
        record, NOTHING, Sight.DRIFTED, wanted
    )


@pytest.mark.parametrize(("ages_s", "contested"), [((), False), ((1,), False), ((2, 1), True)])
def test_the_third_drift_within_an_hour_is_contested(ages_s: tuple[int, ...], contested: bool) -> None:
    """A foreign writer keeps undoing the repair."""
    record = ComponentRecord("web", HOT, drifts_at=tuple(NOW - age * SECOND for age in ages_s))
    event = sighted(record, NOTHING, Sight.DRIFTED)

    assert isinstance(event, ComponentDrifted)
    assert contested is event.contested


def test_old_drifts_are_no_contest() -> None:
    """A drift exactly an hour ago counts no more."""
    old = ComponentRecord("web", HOT, drifts_at=(NOW - CONTESTED_WINDOW_S * SECOND,) * 8)
    event = sighted(old, NOTHING, Sight.DRIFTED)

    assert isinstance(event, ComponentDrifted)
    assert not event.contested


def drifted(*events: Event) -> State:
    """A web server that vanished while it was wanted: COLD, with its reservation kept."""
    gone = ComponentDrifted("web", HOT, COLD, ResourceState.ABSENT, 40 * UNIT)
    return acting(*risen("web"), gone, *events)


def test_a_reservation_for_a_repair_is_given_back_when_nobody_wants_it() -> None:
    """Once, and nothing is counted any more."""
    state = drifted()
    found = releases(state, {"web": COLD})

    assert [IntentAbandoned("web", "token-web", COLD, COLD, 0, "the repair is no longer wanted")] == found
    assert [] == releases(then(state, *found), {"web": COLD})
    assert 10 * UNIT == state.components.committed_micros


@pytest.mark.parametrize("wanted", [{"web": HOT}, {"web": WARM}, {}])
def test_a_reservation_that_is_wanted_is_kept(wanted: dict[str, ComponentState]) -> None:
    """The repair will use it."""
    assert [] == releases(drifted(), wanted)


@pytest.mark.parametrize(
    "event", [intended("web", Step.WARM, COLD), ResourceUnmanaged("web", ResourceState.HOT, ("theirs",), 40 * UNIT)]
)
def test_what_costs_money_keeps_its_reservation(event: Event) -> None:
    """A step under way, or a stranger's resource, is counted although nobody wants it."""
    assert [] == releases(drifted(event), {"web": COLD})


def test_a_forgiven_contest_begins_anew() -> None:
    """After an operator's word three drifts are needed again."""
    state = drifted(ComponentUnparked("web", NOW))
    event = sighted(state.components.of("web"), NOTHING, Sight.DRIFTED)

    assert isinstance(event, ComponentDrifted)
    assert not event.contested

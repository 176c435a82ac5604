"""The auditor and its checks: each finds the violation it is there for, and stays silent without one."""

from __future__ import annotations

import msgspec
import pytest

from config.instants import HOUR, SECOND
from machines import events
from machines.breaker import Breaker
from machines.deciding.facts import DecidedState, Direction
from machines.events import BreakerStatus, Recorded, StepOutcome
from machines.invariants import (
    Auditor,
    CallStarted,
    Finding,
    LiveResourceSeen,
    calls_after_stop,
    disturbed_by_failure,
    doubled_resources,
    fold_differences,
    unsettled,
    untraced_resources,
    written_by_idle_boot,
)
from machines.invariants.counting import SeenIds
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.revenue.payments import Interval, Kind
from machines.state.components import ComponentRecord
from machines.state.whole import State
from tests.machines.told import LIMITS, NOW, PLAN, Telling, closed_month, intent

COLD, WARMING, WARM, HOT = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM, ComponentState.HOT


def invariants(found: list[Finding]) -> list[str]:
    """Which invariants were found broken."""
    return [each.invariant for each in found]


def at_level_one() -> Telling:
    """A journal in which level 1 was decided and nothing has moved yet."""
    telling = Telling()
    telling.tell(*closed_month(PLAN, 24_300, 150_000_000))
    telling.decide()
    assert [] == telling.found
    return telling


def test_a_sound_journal_has_no_findings() -> None:
    """A payment, its month, its decision, and a component all the way up."""
    telling = at_level_one()
    telling.tell(intent("cluster", Step.WARM, COLD, WARMING, 5_000_000))
    telling.tell(telling.ended("cluster", WARM, 5_000_000))
    assert [] == telling.found
    assert 1 == telling.auditor.payments_counted
    assert {"cluster": {telling.auditor.state.components.of("cluster").token}} == telling.auditor.tokens


@pytest.mark.parametrize(
    ("sequence", "recorded_at", "cause"), [(5, NOW, None), (2, NOW - 1, None), (2, NOW, 2), (2, NOW, 0)]
)
def test_gaps_time_that_falls_and_causes_that_come_later_are_found(
    sequence: int, recorded_at: int, cause: int | None
) -> None:
    """I3: event 2 follows event 1, not earlier, and its cause is an earlier one."""
    auditor = Auditor()
    started = events.Started("solvent", "0", events.Mode.ACT)
    assert [] == auditor.feed(Recorded(1, NOW, NOW, "boot", None, started))
    assert ["I3"] == invariants(auditor.feed(Recorded(sequence, recorded_at, NOW, "boot", cause, started)))


@pytest.mark.parametrize(
    "event",
    [
        intent("cluster", Step.ACTIVATE, COLD, ComponentState.ACTIVATING, 20_000_000),
        intent("cluster", Step.WARM, COLD, WARM, 5_000_000),
        events.IntentAbandoned("cluster", "t", COLD, WARMING, 0, "?"),
        events.RepairDropped("cluster", COLD, WARMING, 0),
        events.ResourceAdopted("cluster", "t", 1, COLD, WARMING, 0),
        events.OrphanRemoved("aws_sqs", "arn:old", "search", "t", events.RemovalOutcome.DONE),
        events.StepEnded("cluster", Step.WARM, "t", StepOutcome.DONE, COLD, WARM, 0),
    ],
)
def test_a_move_that_the_table_does_not_have_is_found(event: events.Event) -> None:
    """I3: a step from the wrong state, a settled one while it runs, an unsettled one found, an end without a start."""
    telling = at_level_one()
    telling.tell(event)
    assert {"I3"} == set(invariants(telling.found))


def test_an_event_that_starts_elsewhere_than_the_record_is_found() -> None:
    """I3: the component was COLD, the event says WARM."""
    telling = at_level_one()
    telling.tell(events.ComponentDrifted("cluster", WARM, HOT, ResourceState.HOT, 0))
    assert ["I3"] == invariants(telling.found)


def test_another_attempt_keeps_token_and_counts_on() -> None:
    """I3: the second attempt is number 2, under the same token; a different raise may not begin meanwhile."""
    telling = at_level_one()
    first = intent("cluster", Step.WARM, COLD, WARMING, 5_000_000)
    telling.tell(first)
    again = msgspec.structs.replace(first, from_state=WARMING, attempt=2)
    telling.tell(again)
    assert [] == telling.found
    telling.tell(msgspec.structs.replace(again, attempt=2, token="another"))
    assert ["I3", "I3"] == invariants(telling.found)
    telling.found.clear()
    telling.tell(msgspec.structs.replace(again, step=Step.ACTIVATE, to_state=ComponentState.ACTIVATING))
    assert "I3" in invariants(telling.found)


def test_an_end_that_leads_elsewhere_is_found() -> None:
    """I3: a step that is done leaves WARM, one that is not leaves everything as it was."""
    for outcome, to_state in ((StepOutcome.DONE, HOT), (StepOutcome.TRANSIENT, WARM)):
        telling = at_level_one()
        telling.tell(intent("cluster", Step.WARM, COLD, WARMING, 5_000_000))
        telling.tell(msgspec.structs.replace(telling.ended("cluster", to_state, 5_000_000), outcome=outcome))
        assert ["I3"] == invariants(telling.found)


def test_a_step_over_the_cap_is_found_whatever_it_says_of_itself() -> None:
    """I4: the auditor works the cap out by itself; what the event states as its cap does not matter."""
    telling = at_level_one()
    telling.tell(intent("vault", Step.WARM, COLD, WARMING, 136_000_000))
    assert ["I4"] == invariants(telling.found)


@pytest.mark.parametrize("counted_micros", [0, 4_999_999])
def test_a_raise_that_reserves_less_than_it_costs_is_found(counted_micros: int) -> None:
    """I4: what a warm cluster costs stands in the plan; an intent that counts less would hide from the cap."""
    telling = at_level_one()
    telling.tell(intent("cluster", Step.WARM, COLD, WARMING, counted_micros))
    assert ["I4"] == invariants(telling.found)


def test_a_reservation_given_back_without_the_provider_is_found() -> None:
    """I4: while a step runs nothing is counted less than before."""
    telling = at_level_one()
    first = intent("cluster", Step.WARM, COLD, WARMING, 5_000_000)
    telling.tell(first, msgspec.structs.replace(first, from_state=WARMING, attempt=2, committed_micros=1))
    assert ["I4"] == invariants(telling.found)


@pytest.mark.parametrize(("approver", "until", "expected"), [("b", HOUR, []), ("a", HOUR, ["I4"]), ("b", 0, ["I4"])])
def test_only_a_living_approval_by_another_lets_a_step_exceed_the_cap(
    approver: str, until: int, expected: list[str]
) -> None:
    """I4: who asked may not approve, and an expired approval is none."""
    telling = at_level_one()
    telling.tell(
        events.ApprovalAsked("x", "component:vault", "over the cap", "a", NOW + HOUR, exceeds_cap=True),
        events.ApprovalGiven("x", approver, NOW + until, "why not"),
        msgspec.structs.replace(intent("vault", Step.WARM, COLD, WARMING, 136_000_000), override="x"),
    )
    assert expected == invariants(telling.found)


@pytest.mark.parametrize(("beyond", "expected"), [(0, []), (-1, ["I4"])])
def test_an_approval_allows_no_more_than_the_total_it_named(beyond: int, expected: list[str]) -> None:
    """I4: whoever approved saw an amount, and that is the bound."""
    telling = at_level_one()
    total = telling.auditor.state.components.committed_micros + 136_000_000
    telling.tell(
        events.ApprovalAsked(
            "x", "component:vault", "", "a", NOW + HOUR, exceeds_cap=True, total_micros=total + beyond
        ),
        events.ApprovalGiven("x", "b", NOW + HOUR, "why not"),
        msgspec.structs.replace(intent("vault", Step.WARM, COLD, WARMING, 136_000_000), override="x"),
    )
    assert expected == invariants(telling.found)


def test_a_payment_counted_twice_is_found() -> None:
    """I5: whatever its amount, the id counts once."""
    telling = at_level_one()
    payment = events.CountedPayment("24300", Kind.PAYMENT, 1, NOW, Interval.MONTH)
    telling.tell(events.PaymentsRecorded("payments", "9-9", NOW, (payment,)))
    assert ["I5"] == invariants(telling.found)


def test_seen_ids_are_remembered_across_merges() -> None:
    """An id is new once, in the set and in the sorted array alike."""
    seen = SeenIds(recent_items_max=3)
    ids = [f"payment {number}" for number in range(20)]
    assert [True] * 20 == [seen.add(each) for each in ids]
    assert [False] * 20 == [seen.add(each) for each in ids]
    assert 20 == len(seen)


def test_a_command_answered_twice_is_found() -> None:
    """I7: once for each stream and entry."""
    telling = at_level_one()
    answer = events.CommandAnswered("commands", "1-1", "pause", "done", "")
    telling.tell(answer, msgspec.structs.replace(answer, stream="commands:second"))
    assert [] == telling.found
    telling.tell(answer)
    assert ["I7"] == invariants(telling.found)


def test_a_raise_through_an_open_breaker_is_found_and_a_second_probe_too() -> None:
    """I6: open lets nothing through, half-open the one component that probes, and lowering is always free."""
    for status, probe, expected in (
        (BreakerStatus.OPEN, "", ["I6"]),
        (BreakerStatus.HALF_OPEN, "database", ["I6"]),
        (BreakerStatus.HALF_OPEN, "cluster", []),
        (BreakerStatus.CLOSED, "", []),
    ):
        telling = at_level_one()
        telling.tell(events.BreakerChanged("provider:simulated", status, opened_at=NOW, cooldown_s=30, probe=probe))
        telling.tell(intent("cluster", Step.WARM, COLD, WARMING, 5_000_000))
        assert expected == invariants(telling.found)


def test_a_level_that_the_facts_do_not_bear_out_is_found() -> None:
    """I8: decided too high, too low, for a month that is not closed, or without a plan."""
    for changes in ({"level": 2}, {"level": 0, "direction": Direction.STAY}, {"month": 24_301}):
        telling = Telling()
        telling.tell(*closed_month(PLAN, 24_300, 150_000_000))
        telling.decide(**changes)
        assert ["I8"] == invariants(telling.found), changes
    auditor = Auditor()
    decided = telling.decision(DecidedState())
    assert "I8" in invariants(auditor.feed(Recorded(1, NOW, NOW, "planner", None, events.LevelDecided(decided))))


def test_a_move_on_an_unknown_reading_is_found() -> None:
    """I8: while anything is frozen no level moves."""
    telling = Telling()
    telling.tell(*closed_month(PLAN, 24_300, 150_000_000))
    telling.tell(events.FreezeChanged("source_silent", frozen=True, reason="silent for 36 days"))
    telling.decide()
    assert ["I8"] == invariants(telling.found)


def test_a_correction_between_judgement_and_record_is_no_violation() -> None:
    """I8: the decision was right when it was judged, as its cause shows."""
    telling = Telling()
    telling.tell(*closed_month(PLAN, 24_300, 150_000_000))
    judged_at = telling.auditor.state.sequence
    telling.tell(events.MonthCorrected(24_300, "late", -100_000_000))
    telling.decide(cause=judged_at, level=2)
    assert [] == telling.found
    telling.decide(cause=telling.auditor.state.sequence, level=3)
    assert ["I8"] == invariants(telling.found)


@pytest.mark.parametrize(
    "changing",
    [
        events.MonthCorrected(24_300, "late", -100_000_000),
        events.PlanAdopted(PLAN, "another fingerprint"),
        events.ThresholdSet(1, 1_000_000, 2_000_000, None, "a test", "ann"),
        events.ThresholdEnded(1, 1_000_000, "expired"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_whatever_changes_the_facts_excuses_a_judgement_made_before(changing: events.Event) -> None:
    """I8: of these events alone; without one between, the same decision is a finding."""
    for told, expected in (([changing], []), ([], ["I8"])):
        telling = Telling()
        telling.tell(*closed_month(PLAN, 24_300, 150_000_000))
        judged_at = telling.auditor.state.sequence
        telling.tell(*told)
        telling.decide(cause=judged_at, level=2)
        assert expected == invariants(telling.found)


def test_untraced_and_doubled_resources_are_found_and_strangers_are_not() -> None:
    """I1 and I2: only what carries our tag must be ours, and once in each generation."""
    ours, other = "sv" + "a" * 30, "sv" + "b" * 30
    live = [
        LiveResourceSeen("cluster", 1, ours),
        LiveResourceSeen("cluster", 1, ours),
        LiveResourceSeen("vault", 1, ""),
    ]
    assert ["I2"] == invariants(doubled_resources(live))
    assert [] == untraced_resources(live, {"cluster": {ours}})
    assert ["I1", "I1"] == invariants(untraced_resources(live, {"cluster": {other}}))
    assert [] == doubled_resources([live[0], LiveResourceSeen("cluster", 2, ours)])


def test_a_fold_that_differs_says_where() -> None:
    """I9: the path of the field; an empty record that was only asked for is no difference."""
    one, other = State(), State()
    other.components.of("cluster")
    assert [] == fold_differences(one, other)
    other.components.of("cluster").committed_micros = 7
    other.cursors["payments"] = "1-1"
    other.breakers["provider:x"] = Breaker(BreakerStatus.OPEN)
    found = [str(each) for each in fold_differences(one, other)]
    assert 3 == len(found)
    assert any(each.startswith("I9: state.components.records['cluster']") for each in found)
    assert any("state.cursors['payments']: the events give None, the daemon has '1-1'" in each for each in found)


def test_what_only_a_watcher_sees() -> None:
    """I3, I10, I11: an idle boot that writes more, a call after the stop, a component that another's failure moved."""
    started = Recorded(1, NOW, NOW, "boot", None, events.Started("solvent", "0", events.Mode.ACT))
    paused = Recorded(2, NOW, NOW, "boot", None, events.PauseEnded("?"))
    assert ["I3 at event 2: a boot with nothing changed wrote PauseEnded"] == [
        str(each) for each in written_by_idle_boot([started, paused])
    ]
    calls = [CallStarted("warm", "cluster", stopping=False), CallStarted("observe", "vault", stopping=True)]
    assert ["I10"] == invariants(calls_after_stop(calls))
    hot, cold = {"a": ComponentRecord("a", HOT), "b": ComponentRecord("b", HOT)}, {"b": ComponentRecord("b")}
    assert ["I11"] == invariants(disturbed_by_failure(hot, cold, ["a"]))
    assert [] == disturbed_by_failure(hot, {"a": ComponentRecord("a", HOT), **cold}, ["b"])


def test_unsettled_says_what_is_under_way() -> None:
    """I12: an unjudged month, an open intent, a step that may be taken; not what waits for an operator."""
    telling = Telling()
    assert ["no plan was adopted"] == unsettled(State(), now=NOW, epoch=1, limits=LIMITS)
    telling.tell(*closed_month(PLAN, 24_300, 150_000_000))
    state = telling.auditor.state
    assert "a closed month is not judged yet" in unsettled(state, now=NOW, epoch=1, limits=LIMITS)
    telling.decide()
    assert "cluster is COLD and may warm" in unsettled(state, now=NOW, epoch=1, limits=LIMITS)
    telling.tell(intent("cluster", Step.WARM, COLD, WARMING, 5_000_000))
    assert "cluster has an open intent to warm" in unsettled(state, now=NOW, epoch=1, limits=LIMITS)
    telling.tell(events.PauseSet(events.Pause.ALL, NOW + SECOND, "a migration", "operator"))
    assert [] == unsettled(state, now=NOW, epoch=1, limits=LIMITS)
    state.mode = events.Mode.OBSERVE_ONLY
    assert [] == unsettled(state, now=NOW, epoch=1, limits=LIMITS)


def test_an_attestation_that_nobody_gave_is_found() -> None:
    """I8: a decision may count as attested only what an operator attests; less is a matter of when it was judged."""
    plan = msgspec.structs.replace(PLAN, checklist={"audited": "signed"})
    telling = Telling(plan)
    telling.tell(*closed_month(plan, 24_300, 150_000_000))
    telling.decide(unattested=())
    assert ["I8"] == invariants(telling.found)

    sound = Telling(plan)
    sound.tell(*closed_month(plan, 24_300, 150_000_000))
    sound.decide()
    sound.tell(events.Attested("audited", None, "a report", "ann"), *closed_month(plan, 24_301, 150_000_000))
    sound.decide(unattested=())
    assert [] == sound.found

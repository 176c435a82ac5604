"""What became of many intents at once: one synchronisation of the journal, and the same events as one by one."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from daemon.actors.names import component_actor
from daemon.actors.recording import NotRecorded
from daemon.kernel import ActorFailed
from daemon.messages import StepGranted
from daemon.resume import plan_fingerprint
from machines.events import BreakerStatus, IntentAbandoned, PlanAdopted, StepEnded, StepIntended, StepOutcome
from machines.lifecycle_states import Step
from tests.actors.supervisor_desk import COMPONENTS, FAILURES_MAX, PROVIDER, Desk, warming
from tests.benchmarks.bench_components import EURO, wide_plan


async def test_what_became_of_many_intents_needs_one_synchronisation(desk: Desk) -> None:
    """Each with the actor and the cause it would have alone."""
    await desk.interrupted()
    half = COMPONENTS // 2
    messages = [desk.answered(name, StepOutcome.DONE) for name in desk.names[:half]]
    answers = await desk.told([*messages, *map(desk.unreachable, desk.names[half:])])

    assert [None] * COMPONENTS == answers
    assert [COMPONENTS] == desk.journal.sizes
    causes = {each.event.component: each.sequence for each in desk.said(StepIntended)}
    ends = [*desk.said(StepEnded), *desk.said(IntentAbandoned)]
    assert [(component_actor(name), causes[name]) for name in desk.names] == [(each.actor, each.cause) for each in ends]
    assert not any(record.intent for record in desk.recorder.state.components.records.values())


async def test_a_component_is_judged_by_what_was_said_of_it_before(desk: Desk) -> None:
    """Who asks twice, as after an answer that came too late, ends its intent once."""
    await desk.interrupted()
    name, other = desk.names[:2]
    done = StepOutcome.DONE
    await desk.told(
        [desk.answered(name, done), desk.answered(other, done), desk.answered(name, done), desk.unreachable(name)]
    )

    assert [name, other] == [each.event.component for each in desk.said(StepEnded)]
    assert [] == desk.said(IntentAbandoned)


async def test_a_breaker_counts_each_failure_of_those_that_came_together(desk: Desk) -> None:
    """The provider's opens with as many failures as it does one by one, and not with one less or more."""
    await desk.interrupted()
    await desk.told([desk.answered(name, StepOutcome.TRANSIENT) for name in desk.names[: FAILURES_MAX - 1]])
    before = desk.recorder.state.breakers[PROVIDER]
    await desk.told([desk.answered(desk.names[FAILURES_MAX], StepOutcome.TRANSIENT)])

    assert (BreakerStatus.CLOSED, FAILURES_MAX - 1) == (before.status, len(before.failures_at))
    assert BreakerStatus.OPEN is desk.recorder.state.breakers[PROVIDER].status


async def test_what_is_half_made_is_answered_with_the_step_that_takes_it_back(desk: Desk) -> None:
    """Among those that came together, and to nobody else."""
    await desk.interrupted()
    first, second, third = desk.names[:3]
    plain, undo, done = await desk.told(
        [desk.unreachable(first), desk.unreachable(second, compensate=True), desk.answered(third, StepOutcome.DONE)]
    )

    assert (None, None) == (plain, done)
    assert isinstance(undo, StepGranted)
    assert (Step.DECOMMISSION, f"token-{second}") == (undo.step, undo.token)


async def test_a_journal_that_takes_nothing_settles_nothing(desk: Desk) -> None:
    """Each is told so, and its intent stays open for the next look."""
    await desk.interrupted()
    desk.journal.is_full = True
    answers = await desk.told([desk.answered(name, StepOutcome.DONE) for name in desk.names])

    assert [NotRecorded("the disk is full")] * COMPONENTS == answers
    assert all(desk.recorder.state.components.of(name).intent for name in desk.names)


async def test_no_group_is_larger_than_the_journal_takes_at_once(desk: Desk) -> None:
    """The setting holds for what came together too, however many events each is."""
    desk.recorder.group_events_max = 5
    await desk.interrupted()
    await desk.told([desk.unreachable(name, compensate=True) for name in desk.names])

    assert [4] * (COMPONENTS // 2) == desk.journal.sizes


async def test_what_is_settled_already_records_nothing(desk: Desk) -> None:
    """An answer that comes after its intent ended, or of a component that is no more."""
    await desk.interrupted(gone=True)
    answers = await desk.told([desk.unreachable(desk.names[0]), desk.answered("nowhere", StepOutcome.DONE)])

    assert [None, None] == answers
    assert [] == desk.journal.sizes


async def test_what_is_told_too_late_ends_no_later_attempt(desk: Desk) -> None:
    """A component that waited no longer has settled its intent by another look, and takes the next step."""
    await desk.interrupted()
    name = desk.names[0]
    late = desk.unreachable(name, compensate=True)
    await desk.told([desk.answered(name, StepOutcome.DONE)])
    await desk.recorder.record("a test", [warming(name)])

    assert [None] == await desk.told([late])
    assert [] == desk.said(IntentAbandoned)
    assert desk.recorder.state.components.of(name).intent is not None


async def test_costs_are_counted_by_a_plan_that_came_first(desk: Desk) -> None:
    """A reload that is on its way to the disk when many answers come: none of them counts an old price."""
    await desk.interrupted()
    plan = wide_plan(COMPONENTS)
    dearer = {name: replace(each, warm_cost_micros=7 * EURO) for name, each in plan.components.items()}
    reloaded = replace(plan, components=dearer)
    reload = asyncio.ensure_future(
        desk.recorder.record("a test", [PlanAdopted(reloaded, plan_fingerprint(reloaded), recosts=True)])
    )
    await asyncio.sleep(0)
    await desk.told([desk.answered(name, StepOutcome.DONE) for name in desk.names])
    await reload

    assert {7 * EURO} == {desk.recorder.state.components.of(name).committed_micros for name in desk.names}


async def test_one_that_cannot_be_written_keeps_none_from_being_settled(desk: Desk) -> None:
    """It fails, the others' intents are over; who was told of the failure looks again and finds that."""
    await desk.interrupted()
    bad = desk.names[3]
    unwritable = desk.answered(bad, StepOutcome.DONE, reason="\ud800")
    others = [desk.answered(name, StepOutcome.DONE) for name in desk.names if name != bad]
    answers = await desk.told([*others[:3], unwritable, *others[3:]])

    assert all(isinstance(each, ActorFailed) for each in answers)
    assert [bad] == [name for name in desk.names if desk.recorder.state.components.of(name).intent]


async def test_one_that_cannot_be_judged_fails_alone(desk: Desk) -> None:
    """Those before it and after it are settled and hear so."""
    await desk.interrupted()
    bad = desk.names[3]
    strange = replace(desk.answered(bad, StepOutcome.DONE), outcome="no such outcome")
    others = [desk.answered(name, StepOutcome.DONE) for name in desk.names if name != bad]
    answers = await desk.told([*others[:3], strange, *others[3:]])

    assert [3] == [place for place, each in enumerate(answers) if each is not None]
    assert isinstance(answers[3], ActorFailed)
    assert [bad] == [name for name in desk.names if desk.recorder.state.components.of(name).intent]


async def test_what_records_nothing_needs_no_journal(desk: Desk) -> None:
    """Beside others that the journal refuses."""
    await desk.interrupted()
    desk.journal.is_full = True
    done = [desk.answered(name, StepOutcome.DONE) for name in desk.names[:2]]
    refused, nothing = await desk.told([done[0], replace(done[1], intent=1)])

    assert (NotRecorded("the disk is full"), None) == (refused, nothing)

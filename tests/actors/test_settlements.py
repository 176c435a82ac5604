"""What became of many intents at once: one synchronisation of the journal, and the same events as one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.actors.names import component_actor
from daemon.actors.recording import NotRecorded
from daemon.actors.supervisor import NAME, Supervisor
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.messages import IntentUnreachable, StepAnswered, StepGranted
from daemon.recorder import Recorder
from daemon.resume import encode_state, plan_fingerprint
from machines.breaker import BreakerLimits
from machines.events import (
    BreakerChanged,
    BreakerStatus,
    Event,
    IntentAbandoned,
    Mode,
    PlanAdopted,
    Recorded,
    Started,
    StepEnded,
    StepIntended,
    StepOutcome,
)
from machines.granting import GrantLimits
from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.ports.journal import JournalRefusedError, PaymentSeen, Proposal
from machines.state.whole import State
from tests.benchmarks.bench_components import EURO, wide_plan
from tests.contracts.journal import START, SetClock

COMPONENTS = 20
POLICY = ActorPolicy(RestartPolicy(2, 60, 1, 10), mailbox_items_max=1_000)
FAILURES_MAX = BreakerLimits().failures_max
PROVIDER = "provider:simulated"


class CountedJournal(MemoryJournal):
    """Counts its synchronisations, and refuses where it is told to."""

    synchronisations = 0
    is_full = False

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """One synchronisation."""
        if self.is_full:
            raise JournalRefusedError("the disk is full")
        self.synchronisations += 1
        return await super().append(group, payments)


class Desk:
    """A supervisor alone, with intents of some components open."""

    def __init__(self, group_events_max: int = 1_000) -> None:
        self.journal = CountedJournal(MemoryStore(), clock := SetClock())
        self.recorder = Recorder(
            self.journal,
            State(),
            clock,
            group_events_max=group_events_max,
            snapshot_every_events=10_000,
            encode_state=encode_state,
        )
        self.kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        self.recorder.attach(self.kernel)
        self.recorded: list[Recorded] = []
        self.recorder.listen(self.recorded.append)
        self.supervisor = Supervisor(
            recorder=self.recorder,
            kernel=self.kernel,
            clock=clock,
            epoch=1,
            limits=GrantLimits(600, BreakerLimits()),
            spawn_component=lambda _: None,
            over_cap=lambda _: None,
        )
        self.names = list(wide_plan(COMPONENTS).components)[:COMPONENTS]

    async def interrupted(self, *, gone: bool = False) -> None:
        """A raise of every component is open; after `gone` that of none."""
        plan = wide_plan(COMPONENTS)
        first = [Started("a test", "0", Mode.ACT), PlanAdopted(plan, plan_fingerprint(plan))]
        await self.recorder.record("boot", [*first, *(() if gone else map(warming, self.names))])
        self.kernel.spawn(self.supervisor, POLICY)

    async def told(self, messages: Sequence[msgspec.Struct]) -> list[Any]:
        """What the supervisor answers to messages that came at once, and nothing else waits then."""
        before = self.journal.synchronisations
        answers = await asyncio.gather(*(self.kernel.ask(NAME, message, 60) for message in messages))
        self.needed = self.journal.synchronisations - before
        await self.kernel.stop(ask_s=1, cancel_s=1)
        return answers

    def said(self, kind: type[Event]) -> list[Any]:
        """The recorded events of a kind."""
        return [each for each in self.recorded if isinstance(each.event, kind)]


def warming(name: str) -> StepIntended:
    """The intent of a raise."""
    committed = 10 * EURO
    return StepIntended(
        name, Step.WARM, f"token-{name}", 1, ComponentState.COLD, ComponentState.WARMING, committed, START
    )


def answered(name: str, outcome: StepOutcome) -> StepAnswered:
    """What the provider said."""
    return StepAnswered(name, outcome.value, "so it was")


def unreachable(name: str, *, compensate: bool = False) -> IntentUnreachable:
    """The deadline passed; nothing stands there, or something half made."""
    state = ResourceState.WARM if compensate else ResourceState.ABSENT
    return IntentUnreachable(name, Observation(state), compensate=compensate)


async def test_what_became_of_many_intents_needs_one_synchronisation() -> None:
    """Each with the actor and the cause it would have alone."""
    desk = Desk()
    await desk.interrupted()
    half = COMPONENTS // 2
    messages = [answered(name, StepOutcome.DONE) for name in desk.names[:half]]
    answers = await desk.told([*messages, *map(unreachable, desk.names[half:])])

    assert [None] * COMPONENTS == answers
    assert 1 == desk.needed
    causes = {each.event.component: each.sequence for each in desk.said(StepIntended)}
    ends = [*desk.said(StepEnded), *desk.said(IntentAbandoned)]
    assert [(component_actor(name), causes[name]) for name in desk.names] == [(each.actor, each.cause) for each in ends]
    assert not any(record.intent for record in desk.recorder.state.components.records.values())


async def test_a_component_is_judged_by_what_was_said_of_it_before() -> None:
    """Who asks twice, as after an answer that came too late, ends its intent once."""
    desk = Desk()
    await desk.interrupted()
    name, other = desk.names[:2]
    done = StepOutcome.DONE
    await desk.told([answered(name, done), answered(other, done), answered(name, done), unreachable(name)])

    assert [name, other] == [each.event.component for each in desk.said(StepEnded)]
    assert [] == desk.said(IntentAbandoned)


async def test_a_breaker_counts_each_failure_of_those_that_came_together() -> None:
    """The provider's opens with as many failures as it does one by one, and not with one less or more."""
    desk = Desk()
    await desk.interrupted()
    await desk.told([answered(name, StepOutcome.TRANSIENT) for name in desk.names[: FAILURES_MAX - 1]])
    assert FAILURES_MAX - 1 == len(desk.recorder.state.breakers[PROVIDER].failures_at)

    desk = Desk()
    await desk.interrupted()
    await desk.told([answered(name, StepOutcome.TRANSIENT) for name in desk.names[:FAILURES_MAX]])
    changes = [each.event for each in desk.said(BreakerChanged) if each.event.breaker == PROVIDER]
    assert FAILURES_MAX == len(changes)
    assert [BreakerStatus.OPEN] == [each.status for each in changes if each.status is not BreakerStatus.CLOSED]


async def test_what_is_half_made_is_answered_with_the_step_that_takes_it_back() -> None:
    """Among those that came together, and to nobody else."""
    desk = Desk()
    await desk.interrupted()
    first, second, third = desk.names[:3]
    plain, undo, done = await desk.told(
        [unreachable(first), unreachable(second, compensate=True), answered(third, StepOutcome.DONE)]
    )

    assert (None, None) == (plain, done)
    assert isinstance(undo, StepGranted)
    assert (Step.DECOMMISSION, f"token-{second}") == (undo.step, undo.token)


async def test_a_journal_that_takes_nothing_settles_nothing() -> None:
    """Each is told so, and its intent stays open for the next look."""
    desk = Desk()
    await desk.interrupted()
    desk.journal.is_full = True
    answers = await desk.told([answered(name, StepOutcome.DONE) for name in desk.names])

    assert [NotRecorded("the disk is full")] * COMPONENTS == answers
    assert all(desk.recorder.state.components.of(name).intent for name in desk.names)


async def test_no_group_is_larger_than_the_journal_takes_at_once() -> None:
    """The setting holds for what came together too."""
    desk = Desk(group_events_max=COMPONENTS // 4)
    await desk.interrupted()
    await desk.told([answered(name, StepOutcome.DONE) for name in desk.names])

    assert 4 == desk.needed
    assert COMPONENTS == len(desk.said(StepEnded))


async def test_what_is_settled_already_records_nothing() -> None:
    """An answer that comes after its intent ended, or of a component that is no more."""
    desk = Desk()
    await desk.interrupted(gone=True)
    answers = await desk.told([unreachable(desk.names[0]), answered("nowhere", StepOutcome.DONE)])

    assert [None, None] == answers
    assert 0 == desk.needed

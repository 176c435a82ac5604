"""A supervisor alone, on a journal in memory that counts its synchronisations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.actors.supervisor import NAME, Supervisor
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.messages import IntentUnreachable, StepAnswered
from daemon.recorder import Recorder
from daemon.resume import encode_state, plan_fingerprint
from machines.breaker import BreakerLimits
from machines.events import (
    Event,
    Mode,
    PlanAdopted,
    Recorded,
    Started,
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
POLICY = ActorPolicy(RestartPolicy(2, 60, 0.001, 1), mailbox_items_max=1_000)
FAILURES_MAX = BreakerLimits().failures_max
PROVIDER = "provider:simulated"


class CountedJournal(MemoryJournal):
    """Counts its synchronisations, and refuses where it is told to be full."""

    is_full = False

    def __init__(self, store: MemoryStore, clock: SetClock) -> None:
        super().__init__(store, clock)
        self.sizes: list[int] = []
        """How many events each synchronisation made durable."""

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """One synchronisation."""
        if self.is_full:
            raise JournalRefusedError("the disk is full")
        recorded = await super().append(group, payments)
        self.sizes.append(len(recorded))
        return recorded


class Desk:
    """A supervisor alone, with intents of some components open."""

    def __init__(self) -> None:
        self.journal = CountedJournal(MemoryStore(), clock := SetClock())
        self.recorder = Recorder(
            self.journal,
            State(),
            clock,
            group_events_max=1_000,
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

    def answered(self, name: str, outcome: StepOutcome, reason: str = "so it was") -> StepAnswered:
        """What the provider said to the attempt that is open."""
        return StepAnswered(name, self._intent(name), outcome.value, reason)

    def unreachable(self, name: str, *, compensate: bool = False) -> IntentUnreachable:
        """The deadline passed; nothing stands there, or something half made."""
        state = ResourceState.WARM if compensate else ResourceState.ABSENT
        return IntentUnreachable(name, self._intent(name), Observation(state), compensate=compensate)

    def _intent(self, name: str) -> int:
        intent = self.recorder.state.components.of(name).intent
        return intent.sequence if intent else 0

    async def told(self, messages: Sequence[msgspec.Struct]) -> list[Any]:
        """What the supervisor answers to messages that came at once."""
        self.journal.sizes.clear()
        asking = (self.kernel.ask(NAME, message, 60) for message in messages)
        return await asyncio.gather(*asking, return_exceptions=True)

    async def close(self) -> None:
        """Let the kernel end."""
        await self.kernel.stop(ask_s=1, cancel_s=1)

    def said(self, kind: type[Event]) -> list[Any]:
        """The recorded events of a kind."""
        return [each for each in self.recorded if isinstance(each.event, kind)]


def warming(name: str) -> StepIntended:
    """The intent of a raise."""
    committed = 10 * EURO
    return StepIntended(
        name, Step.WARM, f"token-{name}", 1, ComponentState.COLD, ComponentState.WARMING, committed, START
    )

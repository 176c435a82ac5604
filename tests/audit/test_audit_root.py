"""The self-audit of a running daemon: silent where all is well, a freeze and a log line where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
import pytest

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.instants import instant_from_text
from config.loading import load_plan
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.kernel.pausing import pause
from daemon.recorder import Recorder
from daemon.resume import boot_events, encode_state
from daemon.roots.audit import AUDIT, Audit
from machines.events import CommandAnswered, Event, FreezeChanged, Mode, Recorded
from machines.ports.clock import Clock
from machines.ports.journal import JournalIdentity, JournalRefusedError, Proposal
from machines.state.whole import State
from tests.simulation.virtual_loop import run

AWAY_S = 90.0
LOOKED_S = 200.0
ANSWERED = CommandAnswered("commands", "1-1", "pause", "done", "paused all")


class Away(MemoryJournal):
    """A store that takes nothing from the first audit on, and gives nothing either, for the first `AWAY_S`."""

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
        """Not while it is away."""
        if asyncio.get_running_loop().time() < AWAY_S:
            raise JournalRefusedError("the journal cannot be reached")
        async for each in super().read(after, limit):
            yield each


def full_at_first(group: Sequence[Proposal]) -> None:
    """No finding is taken for the first `AWAY_S`."""
    if asyncio.get_running_loop().time() < AWAY_S and any(isinstance(each.event, FreezeChanged) for each in group):
        raise JournalRefusedError("the disk is full")


def frozen_after(
    events: Sequence[Event], journal_of: Callable[[MemoryStore, Clock], MemoryJournal] = MemoryJournal
) -> dict[str, str]:
    """The freezes of a daemon that recorded these events and was audited for two minutes."""

    async def main() -> dict[str, str]:
        clock = LoopClock(instant_from_text("2026-01-01T00:00:00Z"))
        store = MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k")
        recorder = Recorder(
            journal_of(store, clock),
            State(),
            clock,
            group_events_max=100,
            snapshot_every_events=1_000,
            encode_state=encode_state,
        )
        kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        recorder.attach(kernel)
        started = boot_events(
            recorder.state, plan=load_plan("autobroker"), mode=Mode.ACT, instance="solvent", version="0"
        )
        await recorder.record("boot", [*started, *events])
        policy = ActorPolicy(RestartPolicy(1, 60, 1, 1), 10)
        audit = Audit(recorder=recorder, every_s=86_400)
        kernel.roots.start("audit", audit.run, owner="audit", policy=policy.restart, essential=False)
        await pause(LOOKED_S)
        await kernel.stop(ask_s=1, cancel_s=1)
        return msgspec.structs.replace(recorder.state).freezes

    return run(main, 1)


def test_a_sound_journal_freezes_nothing() -> None:
    """Where every invariant holds the audit changes nothing."""
    assert {} == frozen_after([ANSWERED])


def test_a_command_answered_twice_freezes_decisions() -> None:
    """A journal that answers one command twice (I7) freezes decisions until an operator has looked."""
    freezes = frozen_after([ANSWERED, ANSWERED])

    assert [AUDIT] == list(freezes)
    assert "I7" in freezes[AUDIT]


@pytest.mark.parametrize(
    "journal_of",
    [Away, lambda store, clock: MemoryJournal(store, clock, full_at_first)],
    ids=["nothing can be read", "the finding is not taken"],
)
def test_a_journal_that_refuses_ends_no_audit(journal_of: Callable[[MemoryStore, Clock], MemoryJournal]) -> None:
    """It is tried again in a minute: an outage at the hour of the audit parks nothing and hides no finding."""
    assert [AUDIT] == list(frozen_after([ANSWERED, ANSWERED], journal_of))

"""The bounds of what waits inside the daemon, each met on purpose: refused and told, never kept growing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from adapters.clocks import SystemClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.actors.recording import NotRecorded
from daemon.journal_ending import EndingJournal, JournalGoneError
from daemon.kernel import Actor, ActorPolicy, EventKind, Kernel, RestartPolicy, Root, pause
from daemon.recorder import Recorder
from daemon.resume import encode_state
from daemon.roots.telling import TellingTimes, taken
from machines.events import CursorMoved, Recorded
from machines.ports.journal import JournalDamagedError, JournalRefusedError, PaymentSeen, Proposal
from machines.state.whole import State

MOVED = (CursorMoved("payments", "1-0", ""),)
QUICK = TellingTimes(ask_timeout_s=5, disk_retry_s=0.01, retry_initial_s=0.01, retry_max_s=0.02)


class HeldJournal(MemoryJournal):
    """Takes nothing before it is let go, like a disk that does not answer."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__(MemoryStore(), SystemClock())
        self.go_on = asyncio.Event()
        self.failure = failure

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """As in memory, later."""
        await self.go_on.wait()
        if self.failure is not None:
            raise self.failure
        return await super().append(group, payments)


class Message(msgspec.Struct, frozen=True):
    """Something that came from outside."""


class Moody(Actor):
    """Answers as it was told, one answer after the other."""

    __slots__ = ("answers",)

    def __init__(self, *answers: object) -> None:
        super().__init__("moody")
        self.answers = list(answers)

    async def receive(self, message: msgspec.Struct) -> object | None:
        """The next answer; an exception is raised."""
        del message
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def quiet_kernel() -> Kernel:
    """A kernel that tells nobody."""

    def unheard(_kind: EventKind, _name: str, _detail: str) -> None:
        """Nobody listens."""

    return Kernel(on_event=unheard, jitter=lambda: 0.01)


def recorder_on(journal: MemoryJournal | EndingJournal, kernel: Kernel, **limits: int) -> Recorder:
    """A recorder with these limits."""
    limits = {"group_events_max": 10, "snapshot_every_events": 1_000, **limits}
    recorder = Recorder(journal, State(), SystemClock(), encode_state=encode_state, **limits)
    recorder.attach(kernel)
    return recorder


async def test_groups_beyond_the_bound_are_refused_and_the_others_are_recorded() -> None:
    """Eleven groups wait for a disk that does not answer; the twelfth is refused at once, as by a full disk."""
    journal, kernel = HeldJournal(), quiet_kernel()
    recorder = recorder_on(journal, kernel, waiting_groups_max=10)
    first = asyncio.ensure_future(recorder.record("first", MOVED))
    await pause(0)
    await pause(0)
    others = [asyncio.ensure_future(recorder.record("other", MOVED)) for _ in range(10)]
    await pause(0)

    async with asyncio.timeout(10):
        with pytest.raises(JournalRefusedError, match="10 groups of events wait"):
            await recorder.record("late", MOVED)
    journal.go_on.set()
    await asyncio.gather(first, *others)

    assert 11 == journal.last_sequence
    await kernel.stop(ask_s=1, cancel_s=1)


async def test_damage_ends_the_kernel_with_the_journals_own_words() -> None:
    """Whoever records fails, and `fatal` holds the sentence once, however often it is found."""
    kernel = quiet_kernel()
    held = HeldJournal(JournalDamagedError("page 7 is gone"))
    held.go_on.set()
    recorder = recorder_on(EndingJournal(held, kernel.end), kernel)
    for _ in range(2):
        with pytest.raises(JournalDamagedError):
            await recorder.record("somebody", MOVED)
        await pause(0)

    with pytest.raises(JournalGoneError, match="page 7 is gone"):
        await kernel.fatal
    await kernel.stop(ask_s=1, cancel_s=1)


@pytest.mark.parametrize("parked", [False, True], ids=["restarted", "parked and resumed"])
async def test_what_an_actor_cannot_take_now_waits_for_it(*, parked: bool) -> None:
    """A full journal, a failure and a parking are waited out by who brings the work; it is taken in the end."""
    kernel = quiet_kernel()
    actor = Moody(NotRecorded("full"), ZeroDivisionError("a defect"), "taken")
    restarts = RestartPolicy(0 if parked else 5, restart_window_s=60, backoff_min_s=0.01, backoff_max_s=0.01)
    ref = kernel.spawn(actor, ActorPolicy(restarts, mailbox_items_max=10))
    answers: list[object] = []

    async def bring(root: Root) -> None:
        answers.append(await taken(root, kernel, "moody", Message(), QUICK))
        await asyncio.Event().wait()

    root = kernel.roots.start("bringer", bring, owner="bringer", policy=restarts, essential=False)
    async with asyncio.timeout(10):
        while not answers:
            await pause(0.01)
            if ref.reason:
                kernel.resume("moody")

    assert ["taken"] == answers
    assert "" == root.reason
    assert 0 == kernel.counters.parked
    await kernel.stop(ask_s=1, cancel_s=1)

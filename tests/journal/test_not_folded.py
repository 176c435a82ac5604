"""What is durable and could not be folded, told or asked about: nobody waits for ever, and nothing is judged by it."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

import daemon.recorder
import daemon.resume
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.settings import Settings
from daemon.cli.running import run_until_stopped
from daemon.kernel import Kernel
from daemon.recorder import NotFoldedError, OvertakenError, Recorder
from daemon.resume import encode_state, resume
from machines.events import FreezeChanged, Recorded
from machines.ports.journal import JournalDamagedError
from machines.state.whole import State
from tests.contracts.journal import SetClock

PATIENCE_S = 5.0
EVENT = FreezeChanged("a test", frozen=True)


class Desk:
    """A recorder on a journal in memory, with a kernel of its own."""

    def __init__(self, *, encodes: bool = True) -> None:
        self.kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        self.journal = MemoryJournal(MemoryStore(), clock := SetClock())
        self.recorder = Recorder(
            self.journal,
            State(),
            clock,
            group_events_max=100,
            snapshot_every_events=10,
            encode_state=encode_state if encodes else without_memory,
        )
        self.recorder.attach(self.kernel)

    async def record(self, *, still: bool | Exception = True) -> list[Recorded]:
        """Record one event; `still` is what the question comes to whether it may be."""

        def answer() -> bool:
            if isinstance(still, Exception):
                raise still
            return still

        async with asyncio.timeout(PATIENCE_S):
            return await self.recorder.record("test", (EVENT,), still=answer)


def without_memory(_: object) -> bytes:
    """As a machine that gives none."""
    raise MemoryError


def without_a_key(*_: object) -> None:
    """As an event that this version misunderstands."""
    raise KeyError("a key")


async def test_a_fold_that_fails_ends_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who recorded is told, nothing more is written by a state that is not the journal's, and the kernel ends."""
    desk = Desk()
    with monkeypatch.context() as patched:
        patched.setattr(daemon.recorder, "fold", lambda *_: without_memory(None))
        with pytest.raises(NotFoldedError, match="events 1 to 1 are durable, and could not be folded"):
            await desk.record()

    with pytest.raises(NotFoldedError, match="MemoryError"):
        await desk.record()
    assert desk.kernel.fatal.done()
    assert isinstance(desk.kernel.fatal.exception(), NotFoldedError)
    assert 1 == desk.journal.last_sequence
    await desk.kernel.stop(ask_s=0, cancel_s=1)


async def test_a_listener_that_fails_ends_the_daemon() -> None:
    """Who was not told of an event would never ask: what is published would have a hole."""
    desk = Desk()
    desk.recorder.listen(lambda _: without_memory(None) and None)

    with pytest.raises(NotFoldedError):
        await desk.record()
    assert desk.kernel.fatal.done()
    assert isinstance(desk.kernel.fatal.exception(), NotFoldedError)
    await desk.kernel.stop(ask_s=0, cancel_s=1)


async def test_a_question_that_fails_is_the_failure_of_who_asked() -> None:
    """Nothing of it is written, nobody waits for ever, and the next one is recorded."""
    desk = Desk()
    with pytest.raises(LookupError, match="no such plan"):
        await desk.record(still=LookupError("no such plan"))
    with pytest.raises(OvertakenError):
        await desk.record(still=False)

    (recorded,) = await desk.record()
    await desk.kernel.stop(ask_s=0, cancel_s=1)

    assert 1 == recorded.sequence


async def test_a_snapshot_without_memory_costs_no_event() -> None:
    """It is tried again after a tenth of the events that lead to one, and everybody is recorded meanwhile."""
    desk = Desk(encodes=False)
    with capture_logs() as lines:
        together = await asyncio.gather(*(desk.record() for _ in range(12)))
    await desk.kernel.stop(ask_s=0, cancel_s=1)

    assert list(range(1, 13)) == [one.sequence for (one,) in together]
    assert ["snapshot_refused"] * 3 == [line["event"] for line in lines]


async def test_a_start_that_cannot_fold_says_which_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which kind, at what, and that the journal is whole; nothing is changed by it."""
    desk = Desk()
    await desk.record()
    await desk.kernel.stop(ask_s=0, cancel_s=1)
    with monkeypatch.context() as patched:
        patched.setattr(daemon.resume, "fold", without_a_key)
        with pytest.raises(JournalDamagedError, match=r"event 1 \(FreezeChanged\).*KeyError: 'a key'.*support-bundle"):
            await resume(desk.journal)

    assert 1 == (await resume(desk.journal)).state.sequence


async def test_a_start_without_memory_is_no_defect_of_the_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends as it does anywhere, and the next start may have some."""
    desk = Desk()
    await desk.record()
    await desk.kernel.stop(ask_s=0, cancel_s=1)
    monkeypatch.setattr(daemon.resume, "fold", lambda *_: without_memory(None))

    with pytest.raises(MemoryError):
        await resume(desk.journal)


async def test_the_end_says_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and a sentence, no trace of Python."""

    async def not_folded(*_: object, **__: object) -> None:
        raise NotFoldedError("the events 1 to 1 are durable")

    monkeypatch.setattr("daemon.cli.running.serve", not_folded)

    assert 1 == await run_until_stopped(Settings(plan=""), None)
    assert "solvent ends: the events 1 to 1 are durable\n" in capsys.readouterr().err

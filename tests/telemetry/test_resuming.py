"""What systemd hears while a long journal is read: more time is asked for by what goes forward."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.resume import PROGRESS_EVENTS, resume
from daemon.roots.systemd import EXTEND_S
from daemon.telemetry.attached import OPENING_S, say_opening, say_resuming
from machines.ports.journal import JournalIdentity, Proposal
from tests.publication.publishing import BEGAN, freeze
from tests.simulation.virtual_loop import run


def test_reading_a_long_journal_tells_its_progress() -> None:
    """Every ten thousand events it is heard; a short journal needs no word."""

    async def scenario() -> tuple[list[int], int]:
        journal = MemoryJournal(MemoryStore(JournalIdentity("long", 1)), LoopClock(BEGAN))
        group = [Proposal(freeze("clock"), "test", BEGAN)] * 500
        for _ in range(2 * PROGRESS_EVENTS // 500 + 1):
            await journal.append(group)
        heard: list[int] = []
        resumed = await resume(journal, heard.append)
        return heard, resumed.folded_events

    heard, folded = run(scenario, 1)

    assert ([PROGRESS_EVENTS, 2 * PROGRESS_EVENTS], 2 * PROGRESS_EVENTS + 500) == (heard, folded)


def test_each_step_forward_asks_for_more_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the journal asks once for long; every ten thousand events ask again, with the count in the status."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        say_opening()
        say_resuming(20_000)
        told = [receiver.recv(4_096).decode() for _ in range(2)]

    assert [
        f"EXTEND_TIMEOUT_USEC={OPENING_S * 1e6:.0f}\nSTATUS=opening the journal",
        f"EXTEND_TIMEOUT_USEC={EXTEND_S * 1e6:.0f}\nSTATUS=reading the journal: 20000 events",
    ] == told

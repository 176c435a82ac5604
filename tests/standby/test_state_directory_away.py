"""A state directory that takes nothing, or is gone: a standby says so in its own words, and stands by."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.state_directory import RunFacts, StateDirectory
from config.settings import Settings
from config.settings.journal import JournalSettings
from daemon.assembly.leading import note_run_facts, noted_or_closed
from machines.ports.journal import JournalRefusedError
from tests.contracts.journal import START, SetClock

SETTINGS = Settings(plan="", journal=JournalSettings(url="env:JOURNAL"))


async def test_a_vanished_state_directory_is_no_missing_journal(tmp_path: Path) -> None:
    """What cannot be noted there is refused by the name of the file, and the journal that was opened is let go."""
    journal = MemoryJournal(MemoryStore(), SetClock())
    gone = tmp_path / "gone"
    with pytest.raises(
        JournalRefusedError, match=f"{gone}/journal.json: No such file or directory. The state directory"
    ):
        await noted_or_closed(journal, gone, SETTINGS)
    with pytest.raises(JournalRefusedError, match="the journal is closed"):
        await journal.append([])


def test_a_daemon_serves_without_saying_where_it_is_found(tmp_path: Path) -> None:
    """A full disk costs who looks for it by the state directory, and not the endpoints that are served already."""
    with StateDirectory.hold(tmp_path / "state", instance="shop", since=START) as directory:
        shutil.rmtree(directory.path)
        with capture_logs() as lines:
            note_run_facts(directory, RunFacts(1, "shop"))
    assert ["set_up_warning"] == [line["event"] for line in lines]
    assert "run.json: No such file or directory" in lines[0]["text"]

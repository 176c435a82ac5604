"""A state directory that takes nothing, or is gone: a standby says so in its own words, and stands by."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.state_directory import RunFacts, StateDirectory, directory_fault
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


def test_a_state_directory_that_is_well_has_no_fault(tmp_path: Path) -> None:
    """Or nothing below would prove anything."""
    assert "" == directory_fault(tmp_path)


@pytest.mark.parametrize(
    ("left", "expected"), [("nothing", "is gone"), ("a file", "is no directory"), ("a closed one", "is not writable")]
)
def test_a_broken_state_directory_is_called_by_its_name(tmp_path: Path, left: str, expected: str) -> None:
    """Gone, replaced, or closed to the daemon's user."""
    place = tmp_path / "state"
    if left == "a file":
        place.touch()
    if left == "a closed one":
        if os.geteuid() == 0:
            pytest.skip("root writes anywhere")
        place.mkdir(mode=0o500)
    assert f"the state directory {place} {expected}" in directory_fault(place)


def test_a_full_disk_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system counts it for this user; a file system that counts nothing is not called full."""
    shown = [os.statvfs_result((4096, 4096, blocks, 0, 0, 0, 0, 0, 0, 255)) for blocks in (1_000, 0)]
    monkeypatch.setattr(os, "statvfs", lambda _path: shown.pop(0))
    assert f"the state directory {tmp_path} is on a disk that is full" == directory_fault(tmp_path)
    assert "" == directory_fault(tmp_path)

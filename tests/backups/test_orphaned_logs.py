"""A log that outlived its journal is replayed over nothing, and nothing of it is lost."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.backups.errors import BackupError
from tests.backups.places import backed_up, events_of, names_in, taken_back, verified, write_history


@pytest.fixture
def orphaned(tmp_path: Path) -> Path:
    """The state directory of a daemon that was killed, whose journal somebody removed, and not its log."""
    state_dir = tmp_path / "state"
    journal = write_history(state_dir)
    backed_up(state_dir, tmp_path / "backups")
    killed = tmp_path / "killed"
    with closing(sqlite3.connect(journal, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("UPDATE meta SET value = 77 WHERE key = 'epoch'")
        writer.execute("UPDATE events SET actor = 'nobody'")
        shutil.copytree(state_dir, killed)
    (killed / "journal.sqlite").unlink()
    return killed


def test_a_log_without_its_journal_is_moved_aside(orphaned: Path, tmp_path: Path) -> None:
    """The restored journal is what the backup holds; the log keeps all its bytes under a name that is told."""
    log = (orphaned / "journal.sqlite-wal").read_bytes()
    assert log
    restored = taken_back(orphaned, tmp_path / "backups")

    assert restored.moved_aside.endswith(".sqlite-wal")
    assert log == (orphaned / restored.moved_aside).read_bytes()
    assert {"journal.sqlite-wal", "journal.sqlite-shm"}.isdisjoint(names_in(orphaned))
    assert (2, 128) == (restored.epoch, len(events_of(orphaned / "journal.sqlite")))
    assert () == verified(orphaned / "journal.sqlite").findings


def test_what_stands_there_is_proven_before_success(
    orphaned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever puts a log beside the restored journal at the last moment: no success is told."""
    log, replace = orphaned / "journal.sqlite-wal", Path.replace

    def meddled(source: Path, target: Path) -> Path:
        result = replace(source, target)
        if target.name == "journal.sqlite":
            with closing(sqlite3.connect(target)) as connection, connection:
                connection.execute("UPDATE meta SET value = 77 WHERE key = 'epoch'")
        return result

    log.unlink()
    monkeypatch.setattr(Path, "replace", meddled)
    with pytest.raises(BackupError, match="does not read as what was restored"):
        taken_back(orphaned, tmp_path / "backups")

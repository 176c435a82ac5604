"""A file with somebody's trigger in it is found, not backed up, and not taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.backups import making
from adapters.backups.errors import BackupError
from tests.backups.places import alter, backed_up, taken_back, verified, write_history

TRIGGER = "CREATE TRIGGER tr AFTER INSERT ON events BEGIN DELETE FROM payments; END"
TOLD = "schema trigger tr on the table events: a journal has no such trigger"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal whose payments a trigger would take away, so that they count twice."""
    path = write_history(tmp_path / "state")
    alter(path, TRIGGER)
    return path


def test_a_trigger_is_found(journal: Path) -> None:
    """It is named, and the chain is said to be no warrant any more."""
    found = verified(journal)

    assert TOLD in found.findings[0]
    assert ["I3"] == [each.invariant for each in found.invariants if each.verdict == "broken"]


def test_a_file_of_another_schema_than_it_says_is_found(journal: Path) -> None:
    """The daemon would fail to migrate it."""
    alter(journal, "DROP TRIGGER tr")
    alter(journal, "ALTER TABLE revenue_threshold_config ADD COLUMN set_by TEXT NOT NULL DEFAULT 'plan'")
    assert "revenue_threshold_config: it is not the one of schema 1" in verified(journal).findings[0]


def test_no_backup_is_made_of_it(journal: Path, tmp_path: Path) -> None:
    """And the good ones stay."""
    with pytest.raises(BackupError, match="not as solvent made it: schema trigger tr"):
        backed_up(journal.parent, tmp_path / "backups")

    assert [] == list((tmp_path / "backups").glob("*"))


def test_a_backup_that_took_it_along_is_not_taken_back(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older solvent would have made one."""
    monkeypatch.setattr(making, "table_faults", lambda _: [])
    backed_up(journal.parent, tmp_path / "backups")
    with pytest.raises(BackupError, match="cannot be used: it is not as solvent made it: schema trigger tr"):
        taken_back(tmp_path / "empty", tmp_path / "backups")

    assert not (tmp_path / "empty" / "journal.sqlite").exists()

"""Several lives of one journal, and clocks that were wrong: what reaches furthest is the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.backups.fetching import choose
from adapters.backups.folder import Folder
from config.instants import DAY, MINUTE
from tests.backups.places import NOW, alter, backed_up, names_in, taken_back, ticking, write_history


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state directory with a history."""
    write_history(tmp_path / "state")
    return tmp_path / "state"


def test_a_backup_after_a_restore_removes_nothing_of_the_life_before(state_dir: Path, tmp_path: Path) -> None:
    """Made by hand, restored from, backed up again in the same hour: the only backup of what was left stays."""
    folder = tmp_path / "backups"
    before = backed_up(state_dir, folder).manifest
    taken_back(state_dir, folder, replace=True)
    for number in range(1, 8):
        backed_up(state_dir, folder, now=ticking(NOW + number * MINUTE))

    assert {before.name, before.manifest_name} <= names_in(folder)
    assert 1 + 5 == len(Folder(folder).listing().manifests)


def test_restoring_from_a_life_that_was_left_warns(state_dir: Path, tmp_path: Path) -> None:
    """The backup that it takes is named, and the newest one of the later epoch."""
    folder = tmp_path / "backups"
    before = backed_up(state_dir, folder).manifest
    first = taken_back(state_dir, folder, replace=True)
    after = backed_up(state_dir, folder, now=ticking(NOW + MINUTE)).manifest
    again = taken_back(state_dir, folder, replace=True, backup=before.name)

    assert () == first.warnings
    (warning,) = again.warnings
    assert f"{before.name} is of epoch 1, which a later restore left" in warning
    assert after.name in warning


def test_a_backup_dated_in_the_future_is_not_the_newest(state_dir: Path, tmp_path: Path) -> None:
    """What reaches furthest is taken; the strange date is told, at the backup and at the restore."""
    folder = tmp_path / "backups"
    newest = backed_up(state_dir, folder).manifest
    for table in ("events", "economic_scaling_log", "revenue_snapshots", "payments"):
        alter(state_dir / "journal.sqlite", f"DELETE FROM {table} WHERE sequence > 120")
    ahead = backed_up(state_dir, folder, now=ticking(NOW + 900 * DAY)).manifest
    made = backed_up(state_dir, folder, now=ticking(NOW + MINUTE))

    assert newest == choose(Folder(folder)).manifest
    assert f"{ahead.name} is dated in the future" == made.warning
    assert (f"{ahead.name} is dated in the future",) == taken_back(tmp_path / "empty", folder).warnings

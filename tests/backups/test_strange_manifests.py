"""Manifests are read from where others can write: what says what cannot be is passed over and named."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from adapters.backups.errors import BackupError
from adapters.backups.folder import Folder
from adapters.backups.manifest import EPOCH_MAX, Manifest
from adapters.backups.outcomes import BackupsStatus, read_status
from daemon.assembly.folding import require_folds
from tests.backups import places
from tests.backups.places import NOW, alter, backed_up, names_in, taken_back, ticking, write_history


class Shelf:
    """A state directory with a history and one backup of it."""

    def __init__(self, folder: Path) -> None:
        self.state_dir, self.backups = folder / "state", folder / "backups"
        self.journal = write_history(self.state_dir)
        self.backup = backed_up(self.state_dir, self.backups).manifest

    def rewrite(self, **changed: object) -> None:
        """Let the manifest say something else."""
        fields = json.loads(self.backup.text()) | changed
        (self.backups / self.backup.manifest_name).write_text(json.dumps(fields))

    def rename(self, changed: Manifest) -> None:
        """Give the backup another manifest, and the name that it says."""
        (self.backups / self.backup.name).rename(self.backups / changed.name)
        (self.backups / self.backup.manifest_name).unlink()
        (self.backups / changed.manifest_name).write_bytes(changed.text())


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf of the test's own."""
    return Shelf(tmp_path)


@pytest.mark.parametrize(
    "changed",
    [
        {"made_at": 10**25},
        {"made_at": -1},
        {"last_recorded_at": 10**19},
        {"epoch": 10**12},
        {"epoch": 2**63 - 1},
        {"epoch": 2},
        {"last_sequence": 2**63},
        {"journal_bytes": 10**25},
        {"sha256": "x"},
        {"schema": 0},
    ],
    ids=str,
)
def test_what_cannot_be_is_passed_over_and_named(shelf: Shelf, changed: dict[str, object]) -> None:
    """No number is believed that no journal has, and an epoch must be the one of the name."""
    shelf.rewrite(**changed)
    listing = Folder(shelf.backups).listing()

    assert ((), (shelf.backup.manifest_name,)) == (listing.manifests, listing.passed_over)
    with pytest.raises(BackupError, match="passed over"):
        taken_back(shelf.state_dir, shelf.backups, replace=True)


def test_an_epoch_after_which_there_is_none_is_refused(shelf: Shelf) -> None:
    """A manifest cannot make a journal that later backups cannot name."""
    name = shelf.backup.name.replace("-e1-", f"-e{EPOCH_MAX}-")
    shelf.rename(msgspec.structs.replace(shelf.backup, name=name, epoch=EPOCH_MAX))
    with pytest.raises(BackupError, match=f"says epoch {EPOCH_MAX}, after which there is none: nothing was changed"):
        taken_back(shelf.state_dir, shelf.backups, replace=True)


def test_a_journal_that_no_listing_shows_is_not_backed_up(shelf: Shelf) -> None:
    """What was kept is looked up; what would not be found is no backup, and nothing is left of it."""
    kept = names_in(shelf.backups)
    alter(shelf.journal, "UPDATE meta SET value = ? WHERE key = 'epoch'", 10**12)
    with pytest.raises(BackupError, match="was written and is not listed"):
        backed_up(shelf.state_dir, shelf.backups, now=ticking(NOW + 1))

    assert kept == names_in(shelf.backups)


def test_a_journal_of_a_newer_solvent_is_not_backed_up(shelf: Shelf) -> None:
    """What no restore would take is not kept as if one would."""
    kept = names_in(shelf.backups)
    alter(shelf.journal, "PRAGMA user_version=99")
    with pytest.raises(BackupError, match="no restore would take it"):
        backed_up(shelf.state_dir, shelf.backups, now=ticking(NOW + 1))

    assert kept == names_in(shelf.backups)


def test_what_does_not_fold_does_not_take_the_name(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The restored journal is folded, as a daemon will, before it is put in place."""

    def strange(_journal: Path) -> None:
        raise BackupError("it cannot be folded at event 5")

    monkeypatch.setattr(places, "require_folds", strange)
    before = shelf.journal.read_bytes()
    with pytest.raises(BackupError, match="cannot be folded at event 5"):
        taken_back(shelf.state_dir, shelf.backups, replace=True)

    assert before == shelf.journal.read_bytes()


def test_an_event_that_cannot_be_folded_is_found(shelf: Shelf) -> None:
    """A level below none, with every hash right: the fold says where it stops."""
    with closing(sqlite3.connect(shelf.journal)) as connection, connection:
        connection.execute("UPDATE events SET data = '[]' WHERE sequence = 5")
        connection.execute("DELETE FROM snapshots")
    with pytest.raises(BackupError, match="cannot be folded at event 5"):
        require_folds(shelf.journal)


@pytest.mark.parametrize("which", ["manifest", "backup"])
def test_a_pipe_is_no_backup(shelf: Shelf, which: str) -> None:
    """A named pipe under a backup's name is passed over, and nobody waits for its writer."""
    name = shelf.backup.manifest_name if which == "manifest" else shelf.backup.name
    (shelf.backups / name).unlink()
    os.mkfifo(shelf.backups / name)

    assert (shelf.backup.manifest_name,) == Folder(shelf.backups).listing().passed_over


@pytest.mark.parametrize("name", ["backup.lock", "backups.json.lock", ".backups.json.partial"])
@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_link_leads_to_nobodys_file(shelf: Shelf, tmp_path: Path, name: str, kind: str) -> None:
    """What the daemon's user puts where root writes changes no other file: not its bytes, not its owner."""
    victim = tmp_path / "victim"
    victim.write_text("secret")
    os.chown(shelf.state_dir, 65_534, 65_534) if os.geteuid() == 0 else None
    (shelf.state_dir / name).unlink(missing_ok=True)
    if kind == "symbolic":
        (shelf.state_dir / name).symlink_to(victim)
    else:
        (shelf.state_dir / name).hardlink_to(victim)
    before = victim.stat()
    try:
        made = backed_up(shelf.state_dir, shelf.backups, now=ticking(NOW + 1))
        told = made.warning
    except BackupError as refused:
        told = str(refused)

    assert ("secret", before.st_uid, before.st_mode) == (
        victim.read_text(),
        victim.stat().st_uid,
        victim.stat().st_mode,
    )
    assert "partial" in name or "link" in told or (kind == "hard" and os.geteuid() != 0)


def test_a_status_that_says_what_cannot_be_is_none(shelf: Shelf) -> None:
    """A date that no calendar has must not end those who look."""
    status = shelf.state_dir / "backups.json"
    fields = json.loads(status.read_bytes())
    fields["success"]["made_at"] = 10**25
    status.write_text(json.dumps(fields))

    assert BackupsStatus() == read_status(shelf.state_dir)

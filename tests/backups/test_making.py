"""A backup is one proven moment of the journal; what cannot be made leaves nothing behind."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.backups.errors import BackupError, BackupsBusyError, NoJournalError
from adapters.backups.folder import Folder
from adapters.backups.outcomes import read_status
from adapters.sqlite_journal import verify
from config.instants import HOUR
from config.settings import BackupSettings
from tests.backups.places import NOW, alter, backed_up, events_of, names_in, taken_back, ticking, write_history
from tests.contracts.journal import proposal
from tests.journal.journal_files import opened, write_groups


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state directory with a history."""
    write_history(tmp_path / "state")
    return tmp_path / "state"


def test_it_says_what_it_holds(state_dir: Path, tmp_path: Path) -> None:
    """The manifest names the journal, how far it reaches and the hash there; the outcome stands in backups.json."""
    made = backed_up(state_dir, tmp_path / "backups")
    last = events_of(state_dir / "journal.sqlite")[-1]
    (found,) = Folder(tmp_path / "backups").listing().manifests
    status = read_status(state_dir)

    assert made.manifest == found
    assert (last.sequence, last.hash.hex(), last.recorded_at) == (
        found.last_sequence,
        found.last_hash,
        found.last_recorded_at,
    )
    assert status.success is not None
    assert (found.name, found.stored_bytes, None) == (status.success.name, status.success.stored_bytes, status.failure)
    private = [state_dir / "backups.json", *(tmp_path / "backups").iterdir()]
    assert {0o600} == {each.stat().st_mode & 0o777 for each in private}
    assert 0o700 == (tmp_path / "backups").stat().st_mode & 0o777


def test_the_journal_is_not_touched(state_dir: Path, tmp_path: Path) -> None:
    """Not one byte of it changes, and no scratch folder is left."""
    before, names = (state_dir / "journal.sqlite").read_bytes(), names_in(state_dir)
    backed_up(state_dir, tmp_path / "backups")

    assert before == (state_dir / "journal.sqlite").read_bytes()
    assert names | {"backups.json", "backups.json.lock", "backup.lock"} == names_in(state_dir)


async def test_beside_a_writer_it_is_a_whole_prefix(tmp_path: Path) -> None:
    """What is committed and still in the log is in the backup; the writer goes on and is not waited for."""
    path = tmp_path / "state" / "journal.sqlite"
    async with opened(path) as journal:
        for group in range(20):
            await journal.append([proposal(f"{group}.0"), proposal(f"{group}.1")])
            made = backed_up(tmp_path / "state", tmp_path / "backups", now=ticking(NOW + group * HOUR))
            assert journal.last_sequence == made.manifest.last_sequence == 2 * group + 2
    assert verify(path) is None


def test_a_damaged_journal_is_not_backed_up(state_dir: Path, tmp_path: Path) -> None:
    """Rot must not push good backups out: the event is named, the old ones stay."""
    backed_up(state_dir, tmp_path / "backups")
    kept = names_in(tmp_path / "backups")
    alter(state_dir / "journal.sqlite", "UPDATE events SET actor = 'somebody' WHERE sequence = 7")
    with pytest.raises(BackupError, match="damaged at event 7"):
        backed_up(state_dir, tmp_path / "backups", now=ticking(NOW + HOUR))

    assert kept == names_in(tmp_path / "backups")
    failure = read_status(state_dir).failure
    assert failure is not None
    assert "damaged at event 7" in failure.reason


def test_old_ones_go_as_the_settings_say(state_dir: Path, tmp_path: Path) -> None:
    """Only backups of this journal are let go; somebody's files and another journal's backups stay."""
    settings = BackupSettings(keep_newest=1, keep_hourly=2, keep_daily=0, keep_weekly=0, keep_monthly=0)
    folder = tmp_path / "backups"
    other = tmp_path / "other"
    write_history(other)
    alter(other / "journal.sqlite", "DELETE FROM events")
    alter(other / "journal.sqlite", "DELETE FROM snapshots")
    alter(other / "journal.sqlite", "UPDATE meta SET value = 'abcd' WHERE key = 'journal_id'")
    foreign = backed_up(other, folder, settings, ticking(NOW - 90 * HOUR)).manifest
    (folder / "notes.txt").write_text("somebody's")
    made = [backed_up(state_dir, folder, settings, ticking(NOW + number * HOUR)) for number in range(4)]

    assert (foreign, made[2].manifest, made[3].manifest) == Folder(folder).listing().manifests
    assert (made[1].manifest.name,) == made[3].removed
    assert "notes.txt" in names_in(folder)


def test_two_at_once_do_not_meet(state_dir: Path, tmp_path: Path) -> None:
    """The second is told that the first is at it."""
    lock = os.open(state_dir / "backup.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(BackupsBusyError, match="another process runs the backup"):
        backed_up(state_dir, tmp_path / "backups")
    os.close(lock)

    assert backed_up(state_dir, tmp_path / "backups").manifest.last_sequence == 126


def test_what_a_killed_backup_left_is_swept(state_dir: Path, tmp_path: Path) -> None:
    """Drafts and scratch folders of a killed process go with the next backup."""
    name = backed_up(state_dir, tmp_path / "backups").manifest.name
    (tmp_path / "backups" / f".{name}.partial").write_bytes(b"half")
    made = backed_up(state_dir, tmp_path / "backups", now=ticking(NOW + HOUR))

    assert {name, f"{name}.json", made.manifest.name, made.manifest.manifest_name} == names_in(tmp_path / "backups")


def test_no_journal_is_said_so(tmp_path: Path) -> None:
    """A wrong directory is named."""
    (tmp_path / "state").mkdir()
    with pytest.raises(NoJournalError, match=r"has no journal\.sqlite"):
        backed_up(tmp_path / "state", tmp_path / "backups")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 kilobytes; skips where none can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16384,mode=700", "solvent-test", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root; the refusal of a write is tested without it")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("full", ["scratch", "folder"])
async def test_a_full_disk_leaves_nothing_half_kept(tmp_path: Path, small_disk: Path, full: str) -> None:
    """Where the copy or the backup does not fit, the message says so and everything of it goes."""
    await write_groups(tmp_path / "state" / "journal.sqlite", 300, size=4)
    folder = small_disk / "backups" if full == "folder" else tmp_path / "backups"
    settings = BackupSettings(scratch_dir=str(small_disk / "scratch") if full == "scratch" else "")
    with pytest.raises(BackupError, match="the backup was not made") as caught:
        backed_up(tmp_path / "state", folder, settings)
    said = f"the disk of {small_disk}/{full if full == 'scratch' else 'backups'} is full: up to "

    assert said in str(caught.value)

    assert set() == {each for folder, _, files in os.walk(small_disk) for each in files if folder}
    failure = read_status(tmp_path / "state").failure
    assert failure is not None
    assert verify(tmp_path / "state" / "journal.sqlite") is None


async def test_a_restore_without_room_says_what_it_needs(tmp_path: Path, small_disk: Path) -> None:
    """The folder, what is needed there and what was free; nothing is left but the lock."""
    await write_groups(tmp_path / "state" / "journal.sqlite", 300, size=4)
    made = backed_up(tmp_path / "state", tmp_path / "backups").manifest
    with pytest.raises(BackupError) as caught:
        taken_back(small_disk, tmp_path / "backups")
    needed = (made.stored_bytes + made.journal_bytes) / 1_000_000

    assert f"the disk of {small_disk} is full: up to {needed:.1f} MB are needed there, 0.0 MB were free" in str(
        caught.value
    )
    assert made.name == caught.value.backup
    assert {"lock", "restore.lock"} == names_in(small_disk)


def test_a_refused_write_leaves_nothing_half_kept(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fills up at any sync of the way: nothing is kept, and what was kept stays."""
    backed_up(state_dir, tmp_path / "backups")
    kept, sync = names_in(tmp_path / "backups"), os.fsync
    refused = 0
    for refused_at in range(1, 9):
        syncs = 0

        def fill_up(descriptor: int, at: int = refused_at) -> None:
            nonlocal syncs
            syncs += 1
            if syncs == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fill_up)
            try:
                made = backed_up(state_dir, tmp_path / "backups", now=ticking(NOW + refused_at * HOUR))
                kept |= {made.manifest.name, made.manifest.manifest_name}
            except BackupError:
                refused += 1
        assert kept == names_in(tmp_path / "backups"), f"the disk was full at sync {refused_at}"

    assert refused >= 4

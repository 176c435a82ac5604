"""Who rewrites a whole journal is denied by its backups, whatever name, epoch or restore the new one claims."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec
import pytest

from adapters.backups.making import Made
from adapters.sqlite_journal.examining import examine
from daemon.backing_up.verifying import Verification, verify_journal
from daemon.backing_up.witnesses import Witness
from tests.backups.places import backed_up, events_of, taken_back, ticking, write_history

LATER = 1_900_000_000_000_000


def witness(made: Made) -> Witness:
    """What a backup says."""
    seen = made.manifest
    return Witness(seen.name, seen.journal_id, seen.epoch, seen.last_sequence, seen.last_hash)


def held(state_dir: Path, seen: list[Witness]) -> Verification:
    """A journal held against what was seen."""
    return verify_journal(partial(examine, state_dir / "journal.sqlite"), seen)


@pytest.fixture
def first(tmp_path: Path) -> Witness:
    """What the first backup of a journal with a history says, in epoch 1."""
    return witness(backed_up(write_history(tmp_path / "state").parent, tmp_path / "backups"))


def restored(tmp_path: Path, name: str, event: int | None = None, backup: str = "") -> Path:
    """A state directory that was restored, up to an event."""
    at = None if event is None else events_of(tmp_path / "state" / "journal.sqlite")[event].recorded_at
    taken_back(tmp_path / name, tmp_path / "backups", at, backup=backup)
    return tmp_path / name


def test_backups_agree_across_restores(first: Witness, tmp_path: Path) -> None:
    """A whole restore, another of that life, a cut one of the first: what is shared agrees, the rest is not held."""
    whole = restored(tmp_path, "whole")
    seen = [first, witness(backed_up(whole, tmp_path / "backups", now=ticking(LATER)))]
    again, cut = restored(tmp_path, "again"), restored(tmp_path, "cut", 30, first.name)

    assert (True, "backups: 2 agree with this chain") == (held(again, seen).whole, held(again, seen).backups)
    assert held(cut, seen).whole
    assert "backups: none agrees with this chain; 2 cannot tell" in held(cut, seen).backups


def test_a_claimed_restore_does_not_silence_the_backups_before_it(first: Witness, tmp_path: Path) -> None:
    """What stands before the restore is still what they saw."""
    forged = msgspec.structs.replace(first, name="other", hash="00" * 32)
    told = held(restored(tmp_path, "whole"), [first, forged])

    assert "I3 at event 126: it is not the event that the backup other ends with" in told.findings[0]
    assert "backups: 1 agree with this chain; 1 deny it" == told.backups


def test_a_restore_that_names_another_backup_than_it_took_is_found(first: Witness, tmp_path: Path) -> None:
    """The named one is there and ends elsewhere."""
    told = held(restored(tmp_path, "cut", 30), [msgspec.structs.replace(first, sequence=125)])

    assert "was restored, and that backup ends at event 125" in told.findings[0]


def test_a_journal_of_another_name_or_an_older_life_is_found(first: Witness, tmp_path: Path) -> None:
    """Backups are there, and none of this journal; or they know of a later epoch."""
    other = held(tmp_path / "state", [msgspec.structs.replace(first, journal_id="another")])
    older = held(tmp_path / "state", [first, msgspec.structs.replace(first, name="newer", epoch=2)])

    assert "I3: one backup is of journal another, none of this one" in other.findings[0]
    assert "the backup newer is of epoch 2, this journal says epoch 1" in older.findings[0]

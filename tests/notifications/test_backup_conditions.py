"""Backups that grew old or failed are told like everything else."""

from __future__ import annotations

from config.instants import DAY, SECOND
from config.settings import BackupSettings
from daemon.roots.backup_conditions import backup_conditions
from daemon.telemetry.backup_samples import BackupsKnown
from tests.machines.histories import NOW

SETTINGS = BackupSettings(to="/srv/backups", stale_after_s=86_400)


def keys(known: BackupsKnown, settings: BackupSettings = SETTINGS) -> list[str]:
    """What is to be told."""
    return [each.key for each in backup_conditions(known, settings, NOW)]


def test_a_backup_is_too_old_at_its_limit() -> None:
    """Not a second before, and not where no backups are made by the settings."""
    assert [] == keys(BackupsKnown(made_at=NOW - DAY + SECOND))
    assert ["backup_stale"] == keys(BackupsKnown(made_at=NOW - DAY))
    assert [] == keys(BackupsKnown(made_at=NOW - DAY), BackupSettings())


def test_a_date_in_the_future_is_told() -> None:
    """A clock that was wrong must not keep an old backup young."""
    assert ["backup_stale"] == keys(BackupsKnown(made_at=NOW + DAY))
    assert [] == keys(BackupsKnown(made_at=NOW + SECOND))


def test_failures_of_backups_and_drills_are_told() -> None:
    """What never happened did not fail."""
    assert [] == keys(BackupsKnown())
    assert ["backup_failing", "drill_failed"] == keys(BackupsKnown(failing=True, drill_at=NOW, drill_ok=False))
    assert [] == keys(BackupsKnown(made_at=NOW, drill_at=NOW, drill_ok=True))

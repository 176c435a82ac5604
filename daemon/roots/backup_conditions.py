"""What is to be told of backups and drills, which other processes make: an old one, one that failed."""

from __future__ import annotations

from collections.abc import Sequence

from config.instants import SECOND, Instant, instant_text
from config.settings import BackupSettings, Severity
from daemon.telemetry.backup_samples import BackupsKnown
from machines.notifying.condition import Condition

_DOCTOR = "Type `solvent doctor` for what keeps it from working, and `journalctl -u 'solvent-backup*'` for its words."


def backup_conditions(known: BackupsKnown, settings: BackupSettings, now: Instant) -> Sequence[Condition]:
    """What stands now. A backup that was never made is no old one: `solvent doctor` says that there is none."""
    found: list[Condition] = []
    if settings.to and known.made_at is not None and known.is_dated_ahead(now):
        text = (
            f"The newest backup is dated {instant_text(known.made_at)}, in the future: a clock was wrong, its age is"
            f" unknown. See the clock right, and type `solvent backup`.\n{_DOCTOR}"
        )
        found.append(Condition("backup_stale", Severity.CRITICAL, "The newest backup is dated in the future", text))
    elif settings.to and known.made_at is not None and now - known.made_at >= settings.stale_after_s * SECOND:
        text = (
            f"The newest backup is of {instant_text(known.made_at)}; told after {settings.stale_after_s} s without"
            f" another. What was recorded since is on this machine only.\n{_DOCTOR}"
        )
        found.append(Condition("backup_stale", Severity.CRITICAL, "The newest backup is too old", text))
    if known.failing:
        text = f"A backup was tried after the newest one, and was not made.\n{_DOCTOR}"
        found.append(Condition("backup_failing", Severity.WARNING, "A backup failed", text))
    if known.drill_at is not None and not known.drill_ok:
        text = (
            f"The drill of {instant_text(known.drill_at)} could not take the newest backup back and verify it: do not"
            f" rely on it.\n{_DOCTOR}"
        )
        found.append(Condition("drill_failed", Severity.CRITICAL, "The restore drill failed", text))
    return found

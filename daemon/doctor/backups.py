"""Backups: whether there are any, how old the newest is, and how the last drill ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.instants import SECOND, Instant, instant_text
from config.settings import Settings
from daemon.assembly.backups_known import backups_known
from daemon.doctor.findings import Finding, problem, unknown, warning, well
from daemon.telemetry.backup_samples import BackupsKnown

NOW: Final = "systemctl start solvent-backup, or solvent backup; its message says what is wrong"


def backups(settings: Settings, now: Instant) -> Iterator[Finding]:
    """What is known of the backups of this state directory."""
    if not settings.backup.to:
        yield warning("backup", "none are made: backup.to names no place", "name a folder or a bucket: docs/backup.md")
        return
    yield from judged(backups_known(settings.state_dir), settings.backup.stale_after_s, now)
    if not settings.backup.recipients:
        yield warning(
            "backup", "backups are not encrypted: whoever reads the folder reads the journal", "set backup.recipients"
        )


def judged(known: BackupsKnown, stale_after_s: int, now: Instant) -> Iterator[Finding]:
    """What these facts mean."""
    if known.made_at is None:
        yield problem("backup", "there is none yet", NOW)
    elif known.is_dated_ahead(now):
        said = (
            f"the newest is dated {instant_text(known.made_at)}, in the future: a clock was wrong, its age is unknown"
        )
        yield problem("backup", said, f"see the clock right, then {NOW}")
    elif now - known.made_at > stale_after_s * SECOND:
        yield problem("backup", f"the newest is of {instant_text(known.made_at)}, longer ago than allowed", NOW)
    else:
        yield well("backup", f"the newest is of {instant_text(known.made_at)}")
    if known.failing:
        yield problem("backup", f"the last attempt failed: {known.reason}", NOW)
    if known.drill_at is None:
        yield unknown("backup", "no backup was ever restored to see whether it can be", "solvent backup drill")
    elif not known.drill_ok:
        text = f"the drill of {instant_text(known.drill_at)} failed: {known.drill_reason}"
        yield problem("backup", text, "solvent backup drill; docs/backup.md")
    else:
        yield well("backup", f"the drill of {instant_text(known.drill_at)} took {known.drill_took_s:.0f} s")

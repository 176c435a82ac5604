"""The samples of backups and restore drills: what was made and tried outside of the daemon, read at each scrape."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import msgspec

from config.instants import MINUTE, SECOND, Instant
from daemon.telemetry.samples import Sample

CLOCK_ALLOWANCE: Final = 5 * MINUTE
"""A backup that says that it was made later than this from now was made by a clock that was wrong."""


class BackupsKnown(msgspec.Struct, frozen=True):
    """How the last backup and the last drill went; None for what never happened."""

    made_at: Instant | None = None
    stored_bytes: int = 0
    failing: bool = False
    """Something was tried after that, and failed."""
    reason: str = ""
    """Why it failed."""
    drill_at: Instant | None = None
    drill_ok: bool = False
    drill_took_s: float = 0
    drill_reason: str = ""

    def is_dated_ahead(self, now: Instant) -> bool:
        """Whether the newest backup says that it was made in the future: then nobody knows how old it is."""
        return self.made_at is not None and self.made_at > now + CLOCK_ALLOWANCE


def backup_samples(known: BackupsKnown, now: Instant) -> Iterator[Sample]:
    """What never happened is left out, and a date in the future: they are neither new nor old."""
    if known.made_at is not None and not known.is_dated_ahead(now):
        yield Sample("solvent_backup_last_success_timestamp_seconds", Fraction(known.made_at, SECOND))
        yield Sample("solvent_backup_age_seconds", Fraction(now - known.made_at, SECOND))
        yield Sample("solvent_backup_bytes", known.stored_bytes)
    if known.made_at is not None or known.failing:
        yield Sample("solvent_backup_failing", int(known.failing))
    if known.drill_at is not None:
        yield Sample("solvent_restore_drill_ok", int(known.drill_ok))
        yield Sample("solvent_restore_drill_age_seconds", Fraction(now - known.drill_at, SECOND))
        yield Sample("solvent_restore_drill_duration_seconds", known.drill_took_s)

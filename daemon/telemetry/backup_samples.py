"""The samples of backups and restore drills: what was made and tried outside of the daemon, read at each scrape."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import msgspec

from config.instants import SECOND, Instant
from daemon.telemetry.samples import Sample


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


def backup_samples(known: BackupsKnown, now: Instant) -> Iterator[Sample]:
    """What never happened is left out: it is neither new nor old."""
    if known.made_at is not None:
        yield Sample("solvent_backup_last_success_timestamp_seconds", Fraction(known.made_at, SECOND))
        yield Sample("solvent_backup_age_seconds", Fraction(now - known.made_at, SECOND))
        yield Sample("solvent_backup_bytes", known.stored_bytes)
    if known.made_at is not None or known.failing:
        yield Sample("solvent_backup_failing", int(known.failing))
    if known.drill_at is not None:
        yield Sample("solvent_restore_drill_ok", int(known.drill_ok))
        yield Sample("solvent_restore_drill_age_seconds", Fraction(now - known.drill_at, SECOND))
        yield Sample("solvent_restore_drill_duration_seconds", known.drill_took_s)

"""What `/metrics` says of backups and restore drills."""

from __future__ import annotations

from pathlib import Path

import msgspec

from adapters.backups.outcomes import STATUS_NAME, DrillOutcome, Failure, Success, note
from config.instants import HOUR, SECOND, Instant, instant_from_text
from daemon.assembly.backups_known import backups_known
from daemon.telemetry.backup_samples import backup_samples
from daemon.telemetry.catalogue_of_operation import OF_BACKUPS

NOW: Instant = instant_from_text("2026-11-21T12:00:00Z")
MADE = Success("b", NOW - HOUR, took_s=2, stored_bytes=123, last_sequence=9)
DRILLED = DrillOutcome(NOW - 2 * HOUR, ok=True, name="b", took_s=1.5, limit_s=3_600)


def shown(state_dir: Path) -> dict[str, float]:
    """Every sample of what stands in the state directory."""
    return {each.name: float(each.value) for each in backup_samples(backups_known(str(state_dir)), NOW)}  # type: ignore[arg-type]


def test_what_was_made_and_tried_is_shown(tmp_path: Path) -> None:
    """As the backups' own file has it: when, how large, how long ago, and how the drill went."""
    note(tmp_path, MADE)
    note(tmp_path, DRILLED)

    assert {
        "solvent_backup_last_success_timestamp_seconds": (NOW - HOUR) / SECOND,
        "solvent_backup_age_seconds": 3_600,
        "solvent_backup_bytes": 123,
        "solvent_backup_failing": 0,
        "solvent_restore_drill_ok": 1,
        "solvent_restore_drill_age_seconds": 7_200,
        "solvent_restore_drill_duration_seconds": 1.5,
    } == shown(tmp_path)


def test_a_date_in_the_future_is_no_age(tmp_path: Path) -> None:
    """A clock that was wrong must not keep an old backup young: the alert of a missing one speaks."""
    note(tmp_path, msgspec.structs.replace(MADE, made_at=NOW + HOUR))

    assert {"solvent_backup_failing": 0} == shown(tmp_path)


def test_what_never_happened_is_absent(tmp_path: Path) -> None:
    """No file, and a file that is none, say nothing; a daemon goes on serving its other metrics."""
    assert {} == shown(tmp_path)

    (tmp_path / STATUS_NAME).write_text("{", encoding="utf-8")

    assert {} == shown(tmp_path)


def test_a_failure_is_shown_beside_the_last_whole_backup(tmp_path: Path) -> None:
    """The backup before it is still there, and grows old; the next one ends the failure."""
    note(tmp_path, Failure(NOW - HOUR, "no room"))
    assert {"solvent_backup_failing": 1} == shown(tmp_path)

    note(tmp_path, MADE)
    note(tmp_path, Failure(NOW, "no room"))
    assert (1, 3_600) == (shown(tmp_path)["solvent_backup_failing"], shown(tmp_path)["solvent_backup_age_seconds"])

    note(tmp_path, MADE)
    assert 0 == shown(tmp_path)["solvent_backup_failing"]


def test_a_drill_that_failed_is_zero(tmp_path: Path) -> None:
    """Zero, and not absent: it is known."""
    note(tmp_path, DrillOutcome(NOW, ok=False, name="", took_s=0, limit_s=3_600, reason="no backup"))

    assert 0 == shown(tmp_path)["solvent_restore_drill_ok"]


def test_every_metric_of_backups_can_be_shown(tmp_path: Path) -> None:
    """The catalogue lists these and no others."""
    note(tmp_path, MADE)
    note(tmp_path, DRILLED)

    assert {each.name for each in OF_BACKUPS} == shown(tmp_path).keys()

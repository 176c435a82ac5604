"""Taking a journal back from a backup: prepared and proven in a scratch folder, then put in place in one step."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.copying import known_journal_id
from adapters.backups.errors import BackupError
from adapters.backups.fetching import Choice, choose, fetch, unusable
from adapters.backups.files import alone
from adapters.backups.manifest import EPOCH_MAX, Manifest
from adapters.backups.places import Place
from adapters.backups.room import room_told
from adapters.backups.seats import Coming, FileSeat, Seat, There, journal_in
from adapters.journal_rows.reading import Point
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import sync_file
from adapters.sqlite_journal.cutting import CannotCutError, begin_epoch, cut_after
from adapters.state_directory import StateDirectory
from config.instants import Instant, instant_text
from config.secret import Secret
from machines.events import JournalRestored, Pause, PauseSet

PURPOSE: Final = "restore"
_BY: Final = "solvent"
_ACTOR: Final = "restore"


class Wish(msgspec.Struct, frozen=True):
    """What is asked for."""

    state_dir: Path
    until: Instant | None = None
    """Take the journal back to this moment; None for the whole backup."""
    backup: str = ""
    """The backup's name; empty to choose."""
    journal_id: str = ""
    """Of which journal; empty for the one that stands there, or the only one there is."""
    replace: bool = False
    """Whether a journal that stands there may be moved aside."""
    instance: str = ""


class Restored(msgspec.Struct, frozen=True):
    """A journal that was put in place."""

    manifest: Manifest
    epoch: int
    last_sequence: int
    """The last event that was taken over."""
    last_recorded_at: Instant
    dropped_events: int
    moved_aside: str
    """The name of the journal that stood there, or of a log without one; empty where there was nothing."""
    warnings: tuple[str, ...] = ()
    """What to look at before going on with it."""


def restore(  # noqa: PLR0917 - one for each thing that a restore needs
    wish: Wish,
    place: Place,
    identity: Secret | None,
    now: Instant,
    require_folds: Callable[[Path], None],
    seat: Seat | None = None,
) -> Restored:
    """Put the backup in its seat (the state directory's file, unless it is named), cut at `until`, in a new epoch.

    It is paused. `require_folds` folds a file as a daemon will, or raises `BackupError`. A kill leaves the old journal
    or the new one. Raises `HeldError` where a daemon has the directory, `BackupError` and `OSError`; then nothing was
    changed.
    """
    with (
        StateDirectory.hold(wish.state_dir, instance=wish.instance, since=now, by_daemon=False),
        alone(wish.state_dir, PURPOSE) as scratch,
    ):
        seat = seat or FileSeat(wish.state_dir)
        there = seat.there()
        if there is not None and not wish.replace:
            raise BackupError(
                f"{seat.name} exists: nothing was changed. With --replace it is moved aside, under a name that is "
                "told, and the backup takes its place"
            )
        wanted = wish.journal_id or (there.journal_id if there else "")
        choice = choose(place, name=wish.backup, journal_id=wanted, until=wish.until)
        manifest = choice.manifest
        if wanted and manifest.journal_id != wanted:
            raise BackupError(
                f"the backup {manifest.name} is of journal {manifest.journal_id}, here is journal {wanted}: nothing "
                f"was changed. If that is what you want, name it with --journal {manifest.journal_id}"
            )
        known = there or There()
        epoch = _next_epoch(choice, known)
        prepared = fetch(place, manifest, scratch, identity)
        advice = "Nothing was changed; make room there, and try again"
        with room_told("the journal was not restored", wish.state_dir, manifest.journal_bytes, advice, manifest.name):
            restored, end = _cut(prepared, manifest, wish.until, epoch, now)
        try:
            require_folds(prepared)
        except BackupError as error:
            raise unusable(manifest, str(error)) from error
        moved_aside = seat.put(Coming(prepared, manifest.journal_id, epoch, end), now)
        return msgspec.structs.replace(restored, moved_aside=moved_aside, warnings=_warnings(choice, known, now))


def _next_epoch(choice: Choice, there: There) -> int:
    highest = choice.newest
    epoch = 1 + max(highest.epoch, there.epoch)
    if epoch > EPOCH_MAX:
        raise BackupError(
            f"the backup {highest.name} says epoch {highest.epoch}, after which there is none: nothing was changed. No "
            "journal was restored so often; move it out of the place of the backups",
            highest.name,
        )
    return epoch


def _warnings(choice: Choice, there: There, now: Instant) -> tuple[str, ...]:
    taken, newest = choice.manifest, choice.newest
    said = []
    if taken.epoch < max(newest.epoch, there.epoch):
        why = f"the newest backup, {newest.name}, is of epoch {newest.epoch}"
        if newest.epoch < there.epoch:
            why = f"the journal that stood there was of epoch {there.epoch}, of which there is no backup"
        said.append(
            f"{taken.name} is of epoch {taken.epoch}, which a later restore left: {why}. If that is not what you "
            "meant, restore again with --backup"
        )
    said += [f"{each.name} is dated in the future" for each in choice.siblings if each.is_dated_ahead(now)]
    said += [f"{name} was passed over: it says what cannot be" for name in choice.passed_over]
    return tuple(said)


def journal_id_of(state_dir: Path) -> str:
    """Which journal a state directory has; empty where there is none, or it cannot be read."""
    journal = state_dir / JOURNAL_NAME
    return known_journal_id(state_dir) or (journal_in(journal).journal_id if journal.is_file() else "")


def _cut(prepared: Path, manifest: Manifest, until: Instant | None, epoch: int, now: Instant) -> tuple[Restored, Point]:
    """Bring the unpacked journal to its moment, in one transaction, and say in it what happened."""
    with closing(sqlite3.connect(prepared, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            dropped = 0 if until is None else cut_after(connection, until)
        except CannotCutError as cannot:
            raise BackupError(f"{cannot}. Nothing was changed") from cannot
        row = connection.execute("SELECT sequence, recorded_at FROM events ORDER BY sequence DESC LIMIT 1").fetchone()
        last_sequence, last_recorded_at = row or (0, 0)
        event = JournalRestored(
            manifest.name, manifest.made_at, now, until=until if dropped else None, dropped_events=dropped
        )
        end = begin_epoch(connection, epoch, [event, _pause(manifest, last_sequence, last_recorded_at)], _ACTOR, now)
        connection.execute("COMMIT")
    sync_file(prepared)
    return Restored(manifest, epoch, last_sequence, last_recorded_at, dropped, ""), end


def _pause(manifest: Manifest, last_sequence: int, last_recorded_at: Instant) -> PauseSet:
    reason = (
        f"restored from backup {manifest.name} up to event {last_sequence} of {instant_text(last_recorded_at)}: look "
        "at `solvent drift` and `solvent orphans`, send later payments again, then resume"
    )
    return PauseSet(Pause.ALL, None, reason, _BY)

"""Taking a journal back from a backup: prepared and proven in a scratch folder, then put in place in one step."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.errors import BackupError
from adapters.backups.fetching import Choice, choose, fetch, unusable
from adapters.backups.files import alone, give_to_owner
from adapters.backups.manifest import EPOCH_MAX, Manifest
from adapters.backups.places import Place
from adapters.backups.proving import held_by
from adapters.backups.room import room_told
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import sync_directory, sync_file
from adapters.sqlite_journal.cutting import CannotCutError, begin_epoch, cut_after
from adapters.sqlite_journal.opening import require_ours
from adapters.sqlite_journal.reading import Point
from adapters.sqlite_journal.schema import meta
from adapters.state_directory import LOCK_NAME, StateDirectory
from config.instants import Instant, datetime_from_instant, instant_text
from config.secret import Secret
from machines.events import JournalRestored, Pause, PauseSet
from machines.ports.journal import JournalDamagedError

PURPOSE: Final = "restore"
_BY: Final = "solvent"
_ACTOR: Final = "restore"
_LOGS: Final = ("-wal", "-journal")
"""What SQLite replays over a file of the name before them."""
_HEADER: Final = b"SQLite format 3\0"
READER_WAIT_S: Final = 5.0
"""How long somebody who reads the old journal is waited for."""
NAMES_MAX: Final = 100
"""Journals moved aside within one second."""


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


class _There(msgspec.Struct, frozen=True):
    """The journal that stands in the state directory, as far as it can be read."""

    journal_id: str = ""
    epoch: int = 0


def restore(
    wish: Wish, place: Place, identity: Secret | None, now: Instant, require_folds: Callable[[Path], None]
) -> Restored:
    """Put the backup in place, cut at `until`, in a new epoch and paused.

    `require_folds` folds a file as a daemon will, or raises `BackupError`. A kill leaves the old journal or the new
    one. Raises `HeldError` where a daemon has the directory, `BackupError` and
    `OSError`; then nothing was changed.
    """
    with (
        StateDirectory.hold(wish.state_dir, instance=wish.instance, since=now),
        alone(wish.state_dir, PURPOSE) as scratch,
    ):
        journal = wish.state_dir / JOURNAL_NAME
        _forget_interrupted(journal)
        there = _there(journal) if journal.exists() else None
        if there is not None and not wish.replace:
            raise BackupError(
                f"{journal} exists: nothing was changed. With --replace it is moved aside, under a name that is told, "
                "and the backup takes its place"
            )
        wanted = wish.journal_id or (there.journal_id if there else "")
        choice = choose(place, name=wish.backup, journal_id=wanted, until=wish.until)
        manifest = choice.manifest
        if wanted and manifest.journal_id != wanted:
            raise BackupError(
                f"the backup {manifest.name} is of journal {manifest.journal_id}, here is journal {wanted}: nothing "
                f"was changed. If that is what you want, name it with --journal {manifest.journal_id}"
            )
        known = there or _There()
        epoch = _next_epoch(choice, known)
        prepared = fetch(place, manifest, scratch, identity)
        advice = "Nothing was changed; make room there, and try again"
        with room_told("the journal was not restored", wish.state_dir, manifest.journal_bytes, advice, manifest.name):
            restored, end = _cut(prepared, manifest, wish.until, epoch, now)
        try:
            require_folds(prepared)
        except BackupError as error:
            raise unusable(manifest, str(error)) from error
        moved_aside = _put_in_place(prepared, journal, now)
        _prove_in_place(journal, restored, end)
        return msgspec.structs.replace(restored, moved_aside=moved_aside, warnings=_warnings(choice, known, now))


def _next_epoch(choice: Choice, there: _There) -> int:
    highest = choice.newest
    epoch = 1 + max(highest.epoch, there.epoch)
    if epoch > EPOCH_MAX:
        raise BackupError(
            f"the backup {highest.name} says epoch {highest.epoch}, after which there is none: nothing was changed. No "
            "journal was restored so often; move it out of the place of the backups",
            highest.name,
        )
    return epoch


def _warnings(choice: Choice, there: _There, now: Instant) -> tuple[str, ...]:
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
    """Which journal stands in a state directory; empty where there is none, or it cannot be read."""
    journal = state_dir / JOURNAL_NAME
    return _there(journal).journal_id if journal.is_file() else ""


def _there(journal: Path) -> _There:
    if not _is_database(journal):
        return _There()
    try:
        with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
            require_ours(connection, journal)
            epoch = int(meta(connection, "epoch") or 0)
            return _There(str(meta(connection, "journal_id")), epoch if 0 < epoch < EPOCH_MAX else 0)
    except (sqlite3.Error, JournalDamagedError, ValueError):
        return _There()  # a damaged journal is the reason to restore one


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


def _put_in_place(prepared: Path, journal: Path, now: Instant) -> str:
    """Give the prepared file the journal's name. The old one keeps a name of its own, from before the new one stands.

    At each moment `journal` is the whole old file or the whole new one.
    """
    give_to_owner(prepared, journal.parent)
    give_to_owner(journal.with_name(LOCK_NAME))
    moved_aside = _keep_aside(journal, now)
    prepared.replace(journal)
    sync_directory(journal.parent)
    return moved_aside


def _keep_aside(journal: Path, now: Instant) -> str:
    """Give what stands there names of its own; SQLite would replay a log that stays over the journal that comes.

    The name of the journal, or of its log where there is no journal; empty where there is nothing.
    """
    aside, kept = _free_name(journal, now), []
    if journal.exists():
        if _is_database(journal):
            _fold_log(journal)
        os.link(journal, aside)
        kept.append(aside.name)
    for suffix in _LOGS:
        log = journal.with_name(journal.name + suffix)
        if log.exists():
            # Empty, or SQLite cannot open the file at all: no daemon could have gone on with it either.
            os.link(log, aside.with_name(aside.name + suffix))
            kept.append(aside.name + suffix)
            sync_directory(journal.parent)
            log.unlink()
    journal.with_name(f"{journal.name}-shm").unlink(missing_ok=True)
    sync_directory(journal.parent)
    return kept[0] if kept else ""


def _prove_in_place(journal: Path, restored: Restored, end: Point) -> None:
    """Read the journal under its name: whatever lay beside it must not have changed it."""
    wanted = restored.manifest.journal_id, restored.epoch, end
    try:
        held = held_by(journal)
        found = f"journal {held.journal_id} of epoch {held.epoch} up to event {held.end.sequence}"
        if (held.journal_id, held.epoch, held.end) == wanted:
            return
    except (sqlite3.Error, JournalDamagedError, AssertionError, ValueError) as error:
        found = str(error)
    raise BackupError(
        f"{journal} was put in place and does not read as what was restored (journal {wanted[0]} of epoch {wanted[1]} "
        f"up to event {end.sequence}), but as: {found}. Do not start the daemon: end whoever else works on this "
        "folder, and restore again with --replace"
    )


def _is_database(journal: Path) -> bool:
    """Whether SQLite may open it: of a file that is none, it would throw the log away."""
    with journal.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def _fold_log(journal: Path) -> None:
    """Fold the log into the file: two files cannot be moved in one step."""
    opened = sqlite3.connect(journal, timeout=READER_WAIT_S, isolation_level=None)
    with suppress(sqlite3.Error), closing(opened) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise BackupError(f"another process reads {journal}: end it, and restore again. Nothing was changed")


def _free_name(journal: Path, now: Instant) -> Path:
    stem = f"{journal.stem}-replaced-{datetime_from_instant(now):%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{number}{journal.suffix}" for number in ("", *(f"-{each}" for each in range(2, NAMES_MAX))))
    taken = {each.name for each in journal.parent.iterdir()}
    return next(journal.with_name(name) for name in names if not any(name + end in taken for end in ("", *_LOGS)))


def _forget_interrupted(journal: Path) -> None:
    """A restore that was killed in between left a second name of the journal that still stands: no copy of it."""
    if not journal.exists():
        return
    for aside in journal.parent.glob(f"{journal.stem}-replaced-*{journal.suffix}"):
        if aside.samefile(journal):
            aside.unlink()

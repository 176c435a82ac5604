"""Taking a journal back from a backup: prepared and proven in a scratch folder, then put in place in one step."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.errors import BackupError
from adapters.backups.fetching import choose, fetch
from adapters.backups.files import alone, give_to_owner
from adapters.backups.manifest import Manifest
from adapters.backups.places import Place
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.copying import sync_directory, sync_file
from adapters.sqlite_journal.cutting import CannotCutError, begin_epoch, cut_after
from adapters.sqlite_journal.opening import require_ours
from adapters.sqlite_journal.schema import meta
from adapters.state_directory import LOCK_NAME, StateDirectory
from config.instants import Instant, datetime_from_instant, instant_text
from config.secret import Secret
from machines.events import JournalRestored, Pause, PauseSet
from machines.ports.journal import JournalDamagedError

PURPOSE: Final = "restore"
_BY: Final = "solvent"
_ACTOR: Final = "restore"
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
    """The name of the journal that stood there; empty where there was none."""


class _There(msgspec.Struct, frozen=True):
    """The journal that stands in the state directory, as far as it can be read."""

    journal_id: str = ""
    epoch: int = 0


def restore(wish: Wish, place: Place, identity: Secret | None, now: Instant) -> Restored:
    """Put the backup in place, cut at `until`, in a new epoch and paused.

    A kill leaves the old journal or the new one. Raises `HeldError` where a daemon has the directory, `BackupError` and
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
        manifest, siblings = choose(place, name=wish.backup, journal_id=wanted, until=wish.until)
        if wanted and manifest.journal_id != wanted:
            raise BackupError(
                f"the backup {manifest.name} is of journal {manifest.journal_id}, here is journal {wanted}: nothing "
                f"was changed. If that is what you want, name it with --journal {manifest.journal_id}"
            )
        epoch = 1 + max([each.epoch for each in siblings] + [there.epoch if there else 0])
        prepared = fetch(place, manifest, scratch, identity)
        restored = _cut(prepared, manifest, wish.until, epoch, now)
        moved_aside = _put_in_place(prepared, journal, now)
        return msgspec.structs.replace(restored, moved_aside=moved_aside)


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
            return _There(str(meta(connection, "journal_id")), int(meta(connection, "epoch") or 0))
    except (sqlite3.Error, JournalDamagedError, ValueError):
        return _There()  # a damaged journal is the reason to restore one


def _cut(prepared: Path, manifest: Manifest, until: Instant | None, epoch: int, now: Instant) -> Restored:
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
        begin_epoch(connection, epoch, [event, _pause(manifest, last_sequence, last_recorded_at)], _ACTOR, now)
        connection.execute("COMMIT")
    sync_file(prepared)
    return Restored(manifest, epoch, last_sequence, last_recorded_at, dropped, "")


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
    moved_aside = _keep_aside(journal, now) if journal.exists() else ""
    prepared.replace(journal)
    sync_directory(journal.parent)
    return moved_aside


def _keep_aside(journal: Path, now: Instant) -> str:
    log, shared = journal.with_name(f"{journal.name}-wal"), journal.with_name(f"{journal.name}-shm")
    if _is_database(journal):
        _fold_log(journal)
    aside = _free_name(journal, now)
    os.link(journal, aside)
    if log.exists():
        # Empty, or SQLite cannot open the file at all: no daemon could have gone on with it either.
        os.link(log, aside.with_name(f"{aside.name}-wal"))
        sync_directory(journal.parent)
        log.unlink()
    shared.unlink(missing_ok=True)
    sync_directory(journal.parent)
    return aside.name


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
    return next(journal.with_name(name) for name in names if not journal.with_name(name).exists())


def _forget_interrupted(journal: Path) -> None:
    """A restore that was killed in between left a second name of the journal that still stands: no copy of it."""
    if not journal.exists():
        return
    for aside in journal.parent.glob(f"{journal.stem}-replaced-*{journal.suffix}"):
        if aside.samefile(journal):
            aside.unlink()

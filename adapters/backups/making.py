"""Making a backup: a proven copy of the journal, packed, kept, and the old ones let go."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.errors import BackupError, BackupsBusyError, NoJournalError
from adapters.backups.files import alone
from adapters.backups.manifest import Manifest, name_for
from adapters.backups.outcomes import Failure, Success, note
from adapters.backups.packing import pack
from adapters.backups.places import Place
from adapters.sqlite_journal import JOURNAL_NAME, verify
from adapters.sqlite_journal.copying import copy_whole
from adapters.sqlite_journal.reading import last_point
from adapters.sqlite_journal.schema import meta
from config.instants import SECOND, Instant
from config.retention import kept
from config.settings import BackupSettings

PURPOSE: Final = "backup"


class Made(msgspec.Struct, frozen=True):
    """A backup that was kept."""

    manifest: Manifest
    took_s: float
    removed: tuple[str, ...]
    """The names of those that the policy let go."""
    warning: str = ""
    """Why old ones could not be let go."""


class Backing(msgspec.Struct, frozen=True):
    """What a backup is made with."""

    state_dir: Path
    settings: BackupSettings
    place: Place
    version: str
    """Of this solvent, for the manifest."""


def make_backup(backing: Backing, now: Callable[[], Instant]) -> Made:
    """Back the journal up, beside its daemon or without one, and note the outcome in `backups.json`.

    Raises `BackupError`; then nothing is half kept, and what was kept before stays.
    """
    state_dir, settings = backing.state_dir, backing.settings
    if not (state_dir / JOURNAL_NAME).is_file():
        raise NoJournalError(f"{state_dir} has no {JOURNAL_NAME}: name the --state-dir of `solvent run`")
    began = now()
    try:
        with alone(state_dir, PURPOSE, Path(settings.scratch_dir) if settings.scratch_dir else None) as scratch:
            manifest = _keep(backing, scratch, began)
            removed, warning = _let_go(backing, manifest)
            made = Made(manifest, (now() - began) / SECOND, removed, warning)
            return _noted(made, state_dir)
    except BackupsBusyError:
        raise
    except (BackupError, OSError, sqlite3.Error) as error:
        message = str(error) if isinstance(error, BackupError) else _said(error, backing)
        with suppress(OSError):  # the disk may be full
            note(state_dir, Failure(began, message))
        raise BackupError(message) from error


def _noted(made: Made, state_dir: Path) -> Made:
    """The backup is kept, whether or not that can be written down."""
    kept = made.manifest
    success = Success(
        kept.name, kept.made_at, made.took_s, kept.stored_bytes, kept.last_sequence, removed=len(made.removed)
    )
    try:
        note(state_dir, success)
    except OSError as error:
        said = f"backups.json in {state_dir} could not be written: {error.strerror}"
        return msgspec.structs.replace(made, warning=f"{made.warning}; {said}" if made.warning else said)
    return made


def _keep(backing: Backing, scratch: Path, made_at: Instant) -> Manifest:
    copy = scratch / JOURNAL_NAME
    copy_whole(backing.state_dir / JOURNAL_NAME, copy)
    damaged = verify(copy)
    if damaged is not None:
        raise BackupError(
            f"the journal is damaged at event {damaged}: no backup was made of it. Run `solvent verify`, and restore "
            "the newest backup"
        )
    described = _described(copy, backing, made_at)
    draft = backing.place.draft(described.name, scratch)
    try:
        stored_bytes, digest = pack(copy, draft, backing.settings.recipients)
        manifest = msgspec.structs.replace(described, stored_bytes=stored_bytes, sha256=digest)
        backing.place.keep(draft, manifest)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return manifest


def _described(copy: Path, backing: Backing, made_at: Instant) -> Manifest:
    """The manifest but for what packing tells."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        journal_id, epoch = str(meta(connection, "journal_id")), int(meta(connection, "epoch") or 0)
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        end = last_point(connection)
    recipients = len(backing.settings.recipients)
    return Manifest(
        name=name_for(journal_id, epoch, end.sequence, made_at, encrypted=recipients > 0),
        journal_id=journal_id,
        epoch=epoch,
        last_sequence=end.sequence,
        last_hash=end.hash.hex(),
        last_recorded_at=end.recorded_at,
        made_at=made_at,
        version=backing.version,
        schema=schema,
        journal_bytes=copy.stat().st_size,
        stored_bytes=0,
        sha256="",
        recipients=recipients,
    )


def _let_go(backing: Backing, newest: Manifest) -> tuple[tuple[str, ...], str]:
    """Remove what the policy keeps no longer, of this journal only; who refuses has kept the new one all the same."""
    removed: list[str] = []
    try:
        ours = [each for each in backing.place.manifests() if each.journal_id == newest.journal_id]
        stays = kept([each.made_at for each in ours], backing.settings)
        for each in ours:
            if each.made_at not in stays and each.name != newest.name:
                backing.place.remove(each)
                removed.append(each.name)
    except (BackupError, OSError) as error:
        return tuple(removed), f"older backups could not be let go: {error}"
    return tuple(removed), ""


def _said(error: OSError | sqlite3.Error, backing: Backing) -> str:
    state_dir = backing.state_dir
    free = ""
    with suppress(OSError):
        free = f" ({shutil.disk_usage(state_dir).free // 1_000_000} MB are free in {state_dir})"
    if isinstance(error, OSError):
        where = error.filename or backing.place.name
        return f"the backup was not made: {where}: {error.strerror or error}{free}. Nothing was kept of it"
    if "full" in str(error):
        return f"the backup was not made: {error}{free}. Name a backup.scratch_dir with room, or make some"
    return f"the backup was not made: the journal cannot be read: {error}. Run `solvent verify`"

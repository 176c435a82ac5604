"""Making a backup: a proven copy of the journal, packed, kept, and the old ones let go."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import msgspec

from adapters.backups.copying import copy_journal, require_journal, room_needed_bytes
from adapters.backups.errors import BackupError, BackupsBusyError
from adapters.backups.files import alone
from adapters.backups.manifest import Listing, Manifest, name_for
from adapters.backups.outcomes import Failure, Success, note
from adapters.backups.packing import pack
from adapters.backups.places import Place
from adapters.backups.proving import held_by
from adapters.backups.room import room_told
from adapters.sqlite_journal import JOURNAL_NAME, verify
from adapters.sqlite_journal.expected_tables import table_faults
from config.instants import SECOND, Instant
from config.retention import Candidate, kept
from config.settings import BackupSettings
from machines.ports.journal import JournalDamagedError

PURPOSE: Final = "backup"
_NOT_MADE: Final = "the backup was not made"


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
    environ: Mapping[str, str] = {}
    """Where the address of a journal in PostgreSQL may be."""


def make_backup(backing: Backing, now: Callable[[], Instant]) -> Made:
    """Back the journal up, beside its daemon or without one, and note the outcome in `backups.json`.

    Raises `BackupError`; then nothing is half kept, and what was kept before stays.
    """
    state_dir, settings = backing.state_dir, backing.settings
    require_journal(state_dir)
    began = now()
    try:
        with alone(state_dir, PURPOSE, Path(settings.scratch_dir) if settings.scratch_dir else None) as scratch:
            manifest = _keep(backing, scratch, began)
            removed, warning = _let_go(backing, manifest, began)
            made = Made(manifest, (now() - began) / SECOND, removed, warning)
            return _noted(made, state_dir)
    except BackupsBusyError:
        raise
    except (BackupError, OSError, sqlite3.Error) as error:
        message = str(error) if isinstance(error, BackupError) else _said(error, backing)
        with suppress(OSError, BackupError):  # the disk may be full
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
    except (OSError, BackupError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        said = f"backups.json in {state_dir} could not be written: {why}"
        return msgspec.structs.replace(made, warning=f"{made.warning}; {said}" if made.warning else said)
    return made


def _keep(backing: Backing, scratch: Path, made_at: Instant) -> Manifest:
    copy = scratch / JOURNAL_NAME
    needed = room_needed_bytes(backing.state_dir)
    advice = "Nothing was kept of it. Name a backup.scratch_dir with room, or make some"
    with room_told(_NOT_MADE, scratch.parent, needed, advice):
        copy_journal(backing.state_dir, backing.environ, copy)
    damaged = verify(copy)
    if damaged is not None:
        raise BackupError(
            f"the journal is damaged at event {damaged}: no backup was made of it. Run `solvent verify`, and restore "
            "the newest backup"
        )
    described = _described(copy, backing, made_at)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        faults = table_faults(connection)
    if faults:
        raise BackupError(
            f"the journal is not as solvent made it: {faults[0]}. No backup was made of it. Run `solvent verify`, and "
            "restore the newest backup"
        )
    draft = backing.place.draft(described.name, scratch)
    try:
        with room_told(_NOT_MADE, draft.parent, described.journal_bytes, "Nothing was kept of it. Make room there"):
            stored_bytes, digest = pack(copy, draft, backing.settings.recipients)
            manifest = msgspec.structs.replace(described, stored_bytes=stored_bytes, sha256=digest)
            backing.place.keep(draft, manifest)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return manifest


def _described(copy: Path, backing: Backing, made_at: Instant) -> Manifest:
    """The manifest but for what packing tells."""
    try:
        held = held_by(copy)
    except (JournalDamagedError, AssertionError, ValueError) as refused:
        raise BackupError(f"no backup was made, for no restore would take it: {refused}") from refused
    journal_id, epoch, end = held.journal_id, held.epoch, held.end
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
        schema=held.schema,
        journal_bytes=copy.stat().st_size,
        stored_bytes=0,
        sha256="",
        recipients=recipients,
    )


def _let_go(backing: Backing, newest: Manifest, now: Instant) -> tuple[tuple[str, ...], str]:
    """Remove what the policy keeps no longer, of this journal only; who refuses has kept the new one all the same.

    Raises `BackupError` where the new one is not listed: nobody would find it.
    """
    removed: list[str] = []
    try:
        listing = backing.place.listing()
    except (BackupError, OSError) as error:
        return (), f"the backup is kept; those that there are could not be listed: {error}"
    if newest not in listing.manifests:
        backing.place.remove(newest)
        raise BackupError(
            f"the backup was not made: {newest.name} was written and is not listed, for its numbers are such as no "
            "journal has. Nothing was kept of it. Run `solvent verify`"
        )
    try:
        for each in _superfluous(listing, newest, backing.settings):
            backing.place.remove(each)
            removed.append(each.name)
    except (BackupError, OSError) as error:
        return tuple(removed), f"older backups could not be let go: {error}"
    return tuple(removed), _strange(listing, now)


def _superfluous(listing: Listing, newest: Manifest, settings: BackupSettings) -> Sequence[Manifest]:
    ours = [each for each in listing.manifests if each.journal_id == newest.journal_id]
    stays = kept((Candidate(each.name, each.made_at, each.epoch, each.last_sequence) for each in ours), settings)
    return [each for each in ours if each.name not in stays and each.name != newest.name]


def _strange(listing: Listing, now: Instant) -> str:
    """What somebody should look at."""
    said = [f"{each.name} is dated in the future" for each in listing.manifests if each.is_dated_ahead(now)]
    said += [f"{name} was passed over: it says what cannot be" for name in listing.passed_over]
    return "; ".join(said)


def _said(error: OSError | sqlite3.Error, backing: Backing) -> str:
    if isinstance(error, OSError):
        where = error.filename or backing.place.name
        return f"{_NOT_MADE}: {where}: {error.strerror or error}. Nothing was kept of it"
    return f"{_NOT_MADE}: the journal cannot be read: {error}. Run `solvent verify`"

"""Choosing a backup and unpacking it, proven, into a scratch folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from adapters.backups.errors import BackupError, NoBackupError
from adapters.backups.files import sha256_of
from adapters.backups.manifest import Manifest
from adapters.backups.packing import unpack
from adapters.backups.places import Place
from adapters.sqlite_journal import JOURNAL_NAME, verify
from adapters.sqlite_journal.opening import require_ours
from adapters.sqlite_journal.reading import last_point
from adapters.sqlite_journal.schema import meta
from config.instants import Instant, instant_text
from config.secret import Secret
from machines.ports.journal import JournalDamagedError


def choose(
    place: Place, *, name: str = "", journal_id: str = "", until: Instant | None = None
) -> tuple[Manifest, Sequence[Manifest]]:
    """The backup to take, and all those of its journal.

    By `name`; else, of `journal_id` (or of the only journal there is), the oldest that reaches beyond `until`, which
    retention has shortened least; else the newest. Raises `NoBackupError` and `BackupError`.
    """
    found = place.manifests()
    if not found:
        raise NoBackupError(f"there is no backup in {place.name}")
    if name:
        named = [each for each in found if each.name in {name, f"{name}.age"} or each.manifest_name == name]
        if not named:
            raise NoBackupError(f"there is no backup {name} in {place.name}; see `solvent backup list`")
        return named[0], [each for each in found if each.journal_id == named[0].journal_id]
    journals = sorted({each.journal_id for each in found})
    if not journal_id and len(journals) > 1:
        raise BackupError(
            f"{place.name} holds backups of {len(journals)} journals: name one with --journal ({', '.join(journals)})"
        )
    ours = [each for each in found if each.journal_id == (journal_id or journals[0])]
    if not ours:
        raise NoBackupError(
            f"{place.name} holds no backup of journal {journal_id}, but of {', '.join(journals)}: "
            "to take another journal's, name it with --journal"
        )
    reaching = [each for each in ours if until is not None and each.last_recorded_at > until]
    return (reaching[0] if reaching else ours[-1]), ours


def fetch(place: Place, manifest: Manifest, scratch: Path, identity: Secret | None) -> Path:
    """The journal of a backup, in the scratch folder: every byte, the whole chain and its end are proven.

    Raises `BackupError` and `OSError`.
    """
    packed, journal = scratch / "packed", scratch / JOURNAL_NAME
    place.fetch(manifest, packed)
    size, digest = packed.stat().st_size, sha256_of(packed)
    if size != manifest.stored_bytes:
        raise _unusable(manifest, f"it has {size} bytes, its manifest says {manifest.stored_bytes}: it is cut short")
    if digest != manifest.sha256:
        raise _unusable(manifest, "its SHA-256 is not the one of its manifest: it was changed or its medium is failing")
    key = None
    if manifest.recipients:
        if identity is None or not identity:
            raise BackupError(
                f"the backup {manifest.name} is encrypted: name its key, such as "
                'identity = "file:/root-only/age.key" under [backup]'
            )
        key = identity
    try:
        unpack(packed, journal, manifest.journal_bytes, key)
    except BackupError as error:
        raise _unusable(manifest, str(error)) from error
    packed.unlink()
    _prove(journal, manifest)
    return journal


def _prove(journal: Path, manifest: Manifest) -> None:
    try:
        with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
            require_ours(connection, journal)
            journal_id, epoch = str(meta(connection, "journal_id")), int(meta(connection, "epoch") or 0)
            end = last_point(connection)
        damaged = verify(journal)
    except (sqlite3.Error, JournalDamagedError, AssertionError, ValueError) as error:
        raise _unusable(manifest, str(error)) from error
    if damaged is not None:
        raise _unusable(manifest, f"its chain breaks at event {damaged}")
    said = manifest.journal_id, manifest.epoch, manifest.last_sequence, manifest.last_hash
    if (journal_id, epoch, end.sequence, end.hash.hex()) != said:
        raise _unusable(
            manifest,
            f"it holds journal {journal_id} of epoch {epoch} up to event {end.sequence}, its manifest says journal "
            f"{manifest.journal_id} of epoch {manifest.epoch} up to event {manifest.last_sequence}",
        )


def _unusable(manifest: Manifest, why: str) -> BackupError:
    return BackupError(
        f"the backup {manifest.name} of {instant_text(manifest.made_at)} cannot be used: {why}. Nothing was changed; "
        "take another one of `solvent backup list` with --backup"
    )

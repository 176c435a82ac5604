"""Choosing a backup and unpacking it, proven, into a scratch folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from adapters.backups.errors import BackupError, NoBackupError
from adapters.backups.files import sha256_of
from adapters.backups.manifest import Manifest
from adapters.backups.packing import unpack
from adapters.backups.places import Place
from adapters.backups.proving import held_by
from adapters.backups.room import room_told
from adapters.sqlite_journal import JOURNAL_NAME, verify
from adapters.sqlite_journal.expected_tables import table_faults
from config.instants import Instant, instant_text
from config.secret import Secret
from machines.ports.journal import JournalDamagedError


class Choice(msgspec.Struct, frozen=True):
    """The backup to take, and what else lies there."""

    manifest: Manifest
    siblings: Sequence[Manifest]
    """All those of its journal."""
    passed_over: Sequence[str]
    """The names of manifests that say what cannot be."""

    @property
    def newest(self) -> Manifest:
        """The one of its journal that reaches furthest."""
        return max(self.siblings, key=lambda each: each.reach)


def choose(place: Place, *, name: str = "", journal_id: str = "", until: Instant | None = None) -> Choice:
    """The backup to take, and all those of its journal.

    By `name`; else, of `journal_id` (or of the only journal there is), the one that reaches least far beyond `until`,
    which retention has shortened least; else the one that reaches furthest. Raises `NoBackupError` and `BackupError`.
    """
    listing = place.listing()
    found, passed_over = listing.manifests, listing.passed_over
    if not found:
        raise NoBackupError(f"there is no backup in {place.name}{_beside(passed_over)}")
    if name:
        named = [each for each in found if each.name in {name, f"{name}.age"} or each.manifest_name == name]
        if not named:
            raise NoBackupError(
                f"there is no backup {name} in {place.name}; see `solvent backup list`{_beside(passed_over)}"
            )
        siblings = [each for each in found if each.journal_id == named[0].journal_id]
        return Choice(named[0], siblings, passed_over)
    journals = sorted({each.journal_id for each in found})
    if not journal_id and len(journals) > 1:
        raise BackupError(
            f"{place.name} holds backups of {len(journals)} journals: name one with --journal ({', '.join(journals)})"
        )
    ours = sorted(
        (each for each in found if each.journal_id == (journal_id or journals[0])), key=lambda each: each.reach
    )
    if not ours:
        raise NoBackupError(
            f"{place.name} holds no backup of journal {journal_id}, but of {', '.join(journals)}: "
            "to take another journal's, name it with --journal"
        )
    reaching = [each for each in ours if until is not None and each.last_recorded_at > until]
    return Choice(reaching[0] if reaching else ours[-1], ours, passed_over)


def _beside(passed_over: Sequence[str]) -> str:
    return f" (passed over, for they say what cannot be: {', '.join(passed_over)})" if passed_over else ""


def fetch(place: Place, manifest: Manifest, scratch: Path, identity: Secret | None) -> Path:
    """The journal of a backup, in the scratch folder: every byte, the whole chain and its end are proven.

    Raises `BackupError` and `OSError`.
    """
    needed = manifest.stored_bytes + manifest.journal_bytes
    what = f"the backup {manifest.name} was not taken back"
    advice = "Nothing was changed; make room there, and try again"
    with room_told(what, scratch.parent, needed, advice, manifest.name):
        return _fetched(place, manifest, scratch, identity)


def _fetched(place: Place, manifest: Manifest, scratch: Path, identity: Secret | None) -> Path:
    packed, journal = scratch / "packed", scratch / JOURNAL_NAME
    place.fetch(manifest, packed)
    size, digest = packed.stat().st_size, sha256_of(packed)
    if size != manifest.stored_bytes:
        why = "it is cut short" if size < manifest.stored_bytes else "something was appended to it"
        raise unusable(manifest, f"it has {size} bytes, its manifest says {manifest.stored_bytes}: {why}")
    if digest != manifest.sha256:
        raise unusable(manifest, "its SHA-256 is not the one of its manifest: it was changed or its medium is failing")
    key = None
    if manifest.recipients:
        if identity is None or not identity:
            raise BackupError(
                f"the backup {manifest.name} is encrypted: name its key, such as "
                'identity = "file:/root-only/age.key" under [backup]',
                manifest.name,
            )
        key = identity
    try:
        unpack(packed, journal, manifest.journal_bytes, key)
    except BackupError as error:
        raise unusable(manifest, str(error)) from error
    packed.unlink()
    _prove(journal, manifest)
    return journal


def _prove(journal: Path, manifest: Manifest) -> None:
    try:
        held = held_by(journal)
        with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
            faults = table_faults(connection)
        damaged = verify(journal)
    except (sqlite3.Error, JournalDamagedError, AssertionError, ValueError) as error:
        raise unusable(manifest, str(error)) from error
    if damaged is not None:
        raise unusable(manifest, f"its chain breaks at event {damaged}")
    if faults:
        raise unusable(manifest, f"it is not as solvent made it: {faults[0]}")
    said = manifest.journal_id, manifest.epoch, manifest.last_sequence, manifest.last_hash
    if (held.journal_id, held.epoch, held.end.sequence, held.end.hash.hex()) != said:
        raise unusable(
            manifest,
            f"it holds journal {held.journal_id} of epoch {held.epoch} up to event {held.end.sequence}, its "
            f"manifest says journal {manifest.journal_id} of epoch {manifest.epoch} up to event "
            f"{manifest.last_sequence}",
        )


def unusable(manifest: Manifest, why: str) -> BackupError:
    """What to say of a backup that cannot be taken."""
    return BackupError(
        f"the backup {manifest.name} of {instant_text(manifest.made_at)} cannot be used: {why}. Nothing was changed; "
        "take another one of `solvent backup list` with --backup",
        manifest.name,
    )

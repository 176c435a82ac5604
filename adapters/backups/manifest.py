"""What stands beside each backup in clear text, so that listing and retention need no key."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from config.instants import SECOND, Instant, datetime_from_instant

SUFFIX: Final = ".json"
_NAME: Final = re.compile(r"solvent-\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{1,64}-e\d{1,9}-\d{12}\.sqlite\.gz(\.age)?")
MANIFEST_BYTES_MAX: Final = 65_536


class Manifest(msgspec.Struct, frozen=True):
    """One backup. Times are microseconds since 1970 in UTC; hashes are hexadecimal SHA-256."""

    name: str
    journal_id: str
    epoch: int
    last_sequence: int
    last_hash: str
    """The chain's hash at the last event: who has it can prove that a journal goes on from this backup."""
    last_recorded_at: Instant
    made_at: Instant
    version: str
    """The solvent that made it."""
    schema: int
    journal_bytes: int
    """Of the copy, unpacked."""
    stored_bytes: int
    """Of the backup as it is stored."""
    sha256: str
    """Of the backup as it is stored."""
    recipients: int = 0
    """How many age keys can read it; 0 where it is not encrypted."""

    @property
    def manifest_name(self) -> str:
        """The name of this text beside the backup."""
        return self.name + SUFFIX

    def text(self) -> bytes:
        """What stands in the file, for people too."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


def name_for(journal_id: str, epoch: int, last_sequence: int, made_at: Instant, *, encrypted: bool) -> str:
    """A name that sorts by time and says which journal it is and how far it reaches."""
    at = datetime_from_instant(made_at)
    stamp = f"{at:%Y%m%dT%H%M%S}.{made_at % SECOND // 1_000:03d}Z"
    return f"solvent-{stamp}-{journal_id}-e{epoch}-{last_sequence:012d}.sqlite.gz{'.age' if encrypted else ''}"


def is_backup_name(name: str) -> bool:
    """Whether solvent gave a backup this name; anything else in the place is somebody's own."""
    return _NAME.fullmatch(name) is not None


def manifest_from(name: str, data: bytes) -> Manifest | None:
    """The manifest that a file holds; None for one that is none, or that belongs to another name."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return manifest if manifest.manifest_name == name and is_backup_name(manifest.name) else None

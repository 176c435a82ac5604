"""What stands beside each backup in clear text, so that listing and retention need no key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from config.instants import MINUTE, SECOND, Instant, datetime_from_instant
from config.unreadable import UNREADABLE

SUFFIX: Final = ".json"
_NAME: Final = re.compile(r"solvent-\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{1,64}-e(\d{1,9})-\d{12}\.sqlite\.gz(\.age)?")
MANIFEST_BYTES_MAX: Final = 65_536
EPOCH_MAX: Final = 1_000_000
"""A restore adds one: nobody restores so often, and what says more was not written by solvent."""
INSTANT_MAX: Final = 32_503_680_000 * SECOND
"""The year 3000: what lies behind it is no time at which anything happened."""
CLOCK_ALLOWANCE: Final = 5 * MINUTE
"""How far two machines' clocks may lie apart before a date counts as one in the future."""
_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Moment = Annotated[int, Meta(ge=0, le=INSTANT_MAX)]
_Bytes = Annotated[int, Meta(ge=0, le=2**50)]


class Manifest(msgspec.Struct, frozen=True):
    """One backup. Times are microseconds since 1970 in UTC; hashes are hexadecimal SHA-256."""

    name: str
    journal_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{1,64}\Z")]
    epoch: Annotated[int, Meta(ge=1, le=EPOCH_MAX)]
    last_sequence: Annotated[int, Meta(ge=0, le=999_999_999_999)]
    last_hash: _Hash
    """The chain's hash at the last event: who has it can prove that a journal goes on from this backup."""
    last_recorded_at: _Moment
    made_at: _Moment
    version: Annotated[str, Meta(max_length=64)]
    """The solvent that made it."""
    schema: Annotated[int, Meta(ge=1, le=1_000_000)]
    journal_bytes: _Bytes
    """Of the copy, unpacked."""
    stored_bytes: _Bytes
    """Of the backup as it is stored."""
    sha256: _Hash
    """Of the backup as it is stored."""
    recipients: Annotated[int, Meta(ge=0, le=1_000)] = 0
    """How many age keys can read it; 0 where it is not encrypted."""

    @property
    def manifest_name(self) -> str:
        """The name of this text beside the backup."""
        return self.name + SUFFIX

    @property
    def reach(self) -> tuple[int, int, Instant, str]:
        """What orders the backups of one journal: how far they reach. A clock that was wrong does not change that."""
        return self.epoch, self.last_sequence, self.made_at, self.name

    def is_dated_ahead(self, now: Instant) -> bool:
        """Whether it says that it was made in the future."""
        return self.made_at > now + CLOCK_ALLOWANCE

    def text(self) -> bytes:
        """What stands in the file, for people too."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


class Listing(msgspec.Struct, frozen=True):
    """What lies in a place."""

    manifests: Sequence[Manifest]
    """The backups that are there as a whole, oldest first."""
    passed_over: Sequence[str] = ()
    """The names of manifests that say what cannot be."""


def listing_of(manifests: Sequence[Manifest | None], names: Sequence[str]) -> Listing:
    """The backups among what was read, `names` being where each was read from."""
    found = sorted((each for each in manifests if each is not None), key=lambda each: (each.made_at, each.name))
    absent = tuple(name for name, each in zip(names, manifests, strict=True) if each is None)
    return Listing(tuple(found), absent)


def name_for(journal_id: str, epoch: int, last_sequence: int, made_at: Instant, *, encrypted: bool) -> str:
    """A name that sorts by time and says which journal it is and how far it reaches."""
    at = datetime_from_instant(made_at)
    stamp = f"{at:%Y%m%dT%H%M%S}.{made_at % SECOND // 1_000:03d}Z"
    return f"solvent-{stamp}-{journal_id}-e{epoch}-{last_sequence:012d}.sqlite.gz{'.age' if encrypted else ''}"


def is_backup_name(name: str) -> bool:
    """Whether solvent gave a backup this name; anything else in the place is somebody's own."""
    return _NAME.fullmatch(name) is not None


def manifest_from(name: str, data: bytes) -> Manifest | None:
    """The manifest that a file holds; None for one that is none, says what cannot be, or belongs to another name."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except UNREADABLE:
        return None
    named = _NAME.fullmatch(manifest.name)
    if named is None or manifest.manifest_name != name:
        return None
    return manifest if int(named[1]) == manifest.epoch else None

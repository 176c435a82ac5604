"""Where backups are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from adapters.backups.errors import BackupError
from adapters.backups.folder import Folder
from adapters.backups.manifest import Listing, Manifest
from config.settings import BackupSettings


class Place(Protocol):
    """A folder or a bucket. Every method raises `BackupError`, or `OSError` where a disk does not take it."""

    @property
    def name(self) -> str:
        """As the operator wrote it."""
        ...

    def listing(self) -> Listing:
        """The backups that are there as a whole, and what looks like one and is none; somebody's files are neither."""
        ...

    def draft(self, name: str, scratch: Path) -> Path:
        """Where to write a new backup, so that `keep` has the least to do."""
        ...

    def keep(self, draft: Path, manifest: Manifest) -> None:
        """Make the written draft a backup, whole or not at all; never over another one."""
        ...

    def fetch(self, manifest: Manifest, target: Path) -> None:
        """Write the backup, as it is stored, into the new file `target`; its bytes are not proven yet."""
        ...

    def remove(self, manifest: Manifest) -> None:
        """Take a backup away; one that has gone already is no error."""
        ...


def place_of(settings: BackupSettings, environ: Mapping[str, str]) -> Place:
    """The place of the settings; raises `BackupError` where they name none, or its packages are missing."""
    if not settings.to:
        raise BackupError(
            'the settings name no place for backups: set `to` under [backup], such as to = "/srv/backups/solvent"'
        )
    if not settings.to.startswith("s3://"):
        return Folder(Path(settings.to))
    from adapters.backups.bucket import bucket_of  # noqa: PLC0415 - boto3 is an extra

    return bucket_of(settings, environ)

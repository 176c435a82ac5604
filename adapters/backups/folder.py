"""Backups in a folder: a file and its manifest, the manifest last, each synced before it has its name."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.backups.errors import BackupError
from adapters.backups.files import give_to_owner, open_regular, read_regular, write_private
from adapters.backups.manifest import (
    MANIFEST_BYTES_MAX,
    SUFFIX,
    Listing,
    Manifest,
    is_backup_name,
    listing_of,
    manifest_from,
)
from adapters.sqlite_journal.copying import sync_directory

_PARTIAL: Final = ".partial"
_CHUNK_BYTES: Final = 1 << 20


class Folder:
    """The folder, made with mode 0700 at the first backup."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    def listing(self) -> Listing:
        """The backups that are there as a whole, oldest first, and what was passed over."""
        try:
            names = {each.name for each in self._path.iterdir()}
        except FileNotFoundError:
            return Listing(())
        except NotADirectoryError as error:
            raise self._is_a_file() from error
        except OSError as error:
            raise BackupError(f"the backups in {self._path} cannot be listed: {error.strerror}") from error
        pairs = [name for name in sorted(names) if name.endswith(SUFFIX) and name.removesuffix(SUFFIX) in names]
        pairs = [name for name in pairs if is_backup_name(name.removesuffix(SUFFIX))]
        return listing_of([self._manifest(name) for name in pairs], pairs)

    def _manifest(self, name: str) -> Manifest | None:
        try:
            os.close(open_regular(self._path / name.removesuffix(SUFFIX)))
            return manifest_from(name, read_regular(self._path / name, MANIFEST_BYTES_MAX))
        except (BackupError, OSError):
            return None

    def _is_a_file(self) -> BackupError:
        return BackupError(f"{self._path} is a file, not a folder: name a folder in backup.to, or move the file")

    def draft(self, name: str, scratch: Path) -> Path:
        """A hidden name in the folder itself: the bytes are written once."""
        del scratch
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise self._is_a_file() from error
        journal = name.split("-")[2]
        for left in self._path.glob(f".solvent-*-{journal}-*{_PARTIAL}"):
            left.unlink(missing_ok=True)  # of a process that was killed: this one is alone with its journal
        return self._path / f".{name}{_PARTIAL}"

    def keep(self, draft: Path, manifest: Manifest) -> None:
        """Give the draft its name, then the manifest: without it the file counts as nothing."""
        target = self._path / manifest.name
        if target.exists():
            raise BackupError(f"{target} exists already")
        try:
            give_to_owner(draft)
            draft.rename(target)
            sync_directory(self._path)
            write_private(self._path / manifest.manifest_name, manifest.text())
        except BaseException:
            for half in (target, self._path / manifest.manifest_name):
                with suppress(OSError):
                    half.unlink(missing_ok=True)
            raise

    def fetch(self, manifest: Manifest, target: Path) -> None:
        """Copy the file."""
        try:
            with os.fdopen(open_regular(self._path / manifest.name), "rb") as stored:
                descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(descriptor, "wb") as out:
                    shutil.copyfileobj(stored, out, _CHUNK_BYTES)
        except FileNotFoundError as error:
            raise BackupError(f"the backup {manifest.name} has gone from {self._path}") from error

    def remove(self, manifest: Manifest) -> None:
        """The file first: a manifest alone is passed over."""
        (self._path / manifest.name).unlink(missing_ok=True)
        (self._path / manifest.manifest_name).unlink(missing_ok=True)

"""Backups in a folder: a file and its manifest, the manifest last, each synced before it has its name."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.backups.errors import BackupError
from adapters.backups.files import give_to_owner, write_private
from adapters.backups.manifest import MANIFEST_BYTES_MAX, SUFFIX, Manifest, is_backup_name, manifest_from
from adapters.sqlite_journal.copying import sync_directory

_PARTIAL: Final = ".partial"


class Folder:
    """The folder, made with mode 0700 at the first backup."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    def manifests(self) -> list[Manifest]:
        """The backups that are there as a whole, oldest first."""
        try:
            names = {each.name for each in self._path.iterdir()}
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BackupError(f"the backups in {self._path} cannot be listed: {error.strerror}") from error
        found = []
        for name in sorted(names):
            backup = name.removesuffix(SUFFIX)
            if name != backup and backup in names and is_backup_name(backup):
                manifest = self._manifest(name)
                if manifest is not None:
                    found.append(manifest)
        return sorted(found, key=lambda each: (each.made_at, each.name))

    def _manifest(self, name: str) -> Manifest | None:
        try:
            with (self._path / name).open("rb") as file:
                return manifest_from(name, file.read(MANIFEST_BYTES_MAX))
        except OSError:
            return None

    def draft(self, name: str, scratch: Path) -> Path:
        """A hidden name in the folder itself: the bytes are written once."""
        del scratch
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
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
            shutil.copyfile(self._path / manifest.name, target)
            target.chmod(0o600)
        except FileNotFoundError as error:
            raise BackupError(f"the backup {manifest.name} has gone from {self._path}") from error

    def remove(self, manifest: Manifest) -> None:
        """The file first: a manifest alone is passed over."""
        (self._path / manifest.name).unlink(missing_ok=True)
        (self._path / manifest.manifest_name).unlink(missing_ok=True)

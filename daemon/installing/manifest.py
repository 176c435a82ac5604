"""What an install wrote and enabled, kept beside the settings: an uninstall takes back this and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from config.unreadable import UNREADABLE
from daemon.installing.faults import InstallRefusedError


class Manifest(msgspec.Struct, frozen=True):
    """Paths are those on the machine that the files are for."""

    version: str = ""
    files: dict[str, tuple[str, ...]] = {}
    """Of each file the SHA-256 of every text that was written, the newest last: an install that was killed between two
    files has left older ones, and those are no person's work either."""
    folders: tuple[str, ...] = ()
    """Folders that were made, the outer ones first."""
    enabled: tuple[str, ...] = ()
    """Units that were enabled."""

    def wrote(self, path: Path, data: bytes) -> bool:
        """Whether these bytes are what an install wrote there."""
        return digest(data) in self.files.get(str(path), ())

    def with_file(self, path: Path, data: bytes) -> dict[str, tuple[str, ...]]:
        """The files, with these bytes as the newest of one of them."""
        others = [each for each in self.files.get(str(path), ()) if each != digest(data)]
        return {**self.files, str(path): (*others, digest(data))[-DIGESTS_MAX:]}


DIGESTS_MAX = 8
"""Of one file: more upgrades than these between two installs that were killed do not happen."""


def digest(data: bytes) -> str:
    """What tells a file that a person changed from one that was left as it was written."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(path: Path) -> Manifest | None:
    """None where nothing is installed. Raises `InstallRefusedError` for one that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InstallRefusedError(f"{path} cannot be read: {error.strerror}") from error
    except UNREADABLE as error:
        raise InstallRefusedError(
            f"{path} is no list of installed files ({error}): move it away, and files that differ are kept"
        ) from error


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest as it is written."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"

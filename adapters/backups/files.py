"""Private files that are there as a whole or not at all, scratch folders, and one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from adapters.backups.errors import BackupsBusyError
from adapters.sqlite_journal.copying import sync_directory

_CHUNK_BYTES: Final = 1 << 20


def give_to_owner(path: Path, folder: Path | None = None) -> None:
    """Let a file belong to whoever owns its folder: what root makes, the daemon's user must be able to use."""
    if os.geteuid() == 0:
        owner = (folder or path.parent).stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def write_private(path: Path, data: bytes) -> None:
    """Replace a file (mode 0600) in one step; a reader, or a power cut, finds the old one or the new one."""
    fresh = path.with_name(f".{path.name}.partial")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        give_to_owner(fresh)
        fresh.replace(path)
        sync_directory(path.parent)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """The hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def alone(state_dir: Path, purpose: str, scratch_dir: Path | None = None) -> Iterator[Path]:
    """Be the only process of this purpose on a state directory, with an empty private folder that goes at the end.

    What a killed process left in its folder goes first. Raises `BackupsBusyError` and `OSError`.
    """
    lock = os.open(state_dir / f"{purpose}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        give_to_owner(state_dir / f"{purpose}.lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupsBusyError(
                f"another process runs the {purpose} of {state_dir} at this moment: wait until it has ended"
            ) from None
        mark = hashlib.sha256(str(state_dir.resolve()).encode()).hexdigest()[:16]
        scratch = (scratch_dir or state_dir) / f"solvent-{purpose}-{mark}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700, parents=True)
        try:
            yield scratch
        finally:
            with suppress(OSError):
                shutil.rmtree(scratch)
    finally:
        os.close(lock)

"""Private files that are there as a whole or not at all, scratch folders, and one process at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from adapters.backups.errors import BackupError, BackupsBusyError
from adapters.sqlite_journal.copying import sync_directory

_CHUNK_BYTES: Final = 1 << 20


_CAREFUL: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Root works in folders of the daemon's user: what lies there may be a link to another's file, or a pipe."""


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file with one name, made with mode 0600 where `flags` say so; raises `BackupError`, `OSError`."""
    if path.is_symlink():
        raise BackupError(f"{path} is a symbolic link, and none is followed here: remove it")
    descriptor = os.open(path, flags | _CAREFUL, 0o600)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode):
        return descriptor
    os.close(descriptor)
    raise BackupError(f"{path} is no regular file: remove it")


def read_regular(path: Path, bytes_max: int) -> bytes:
    """The beginning of a regular file; raises `BackupError` and `OSError`."""
    with os.fdopen(open_regular(path), "rb") as file:
        return file.read(bytes_max)


def give_to_owner(path: Path, folder: Path | None = None) -> None:
    """Let a file belong to whoever owns its folder: what root makes, the daemon's user must be able to use."""
    if os.geteuid() != 0:
        return
    descriptor = open_regular(path)
    try:
        give_descriptor(descriptor, path, folder or path.parent)
    finally:
        os.close(descriptor)


def give_descriptor(descriptor: int, path: Path, folder: Path) -> None:
    """The same of an open file; one that has a second name may be anybody's, and is refused."""
    if os.geteuid() != 0:
        return
    if os.fstat(descriptor).st_nlink > 1:
        raise BackupError(f"{path} has a second name (a hard link) and may be another's file: remove it")
    owner = folder.stat()
    os.fchown(descriptor, owner.st_uid, owner.st_gid)


def open_lock(path: Path) -> int:
    """Open a lock file, made where it is missing; raises `BackupError` and `OSError`."""
    lock = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        give_descriptor(lock, path, path.parent)
    except BaseException:
        os.close(lock)
        raise
    return lock


def write_private(path: Path, data: bytes) -> None:
    """Replace a file (mode 0600) in one step; a reader, or a power cut, finds the old one or the new one."""
    fresh = path.with_name(f".{path.name}.partial")
    try:
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CAREFUL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            give_descriptor(file.fileno(), fresh, path.parent)
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
    if scratch_dir is not None and scratch_dir.exists() and not scratch_dir.is_dir():
        raise BackupError(f"backup.scratch_dir: {scratch_dir} is a file, not a folder")
    lock = open_lock(state_dir / f"{purpose}.lock")
    try:
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

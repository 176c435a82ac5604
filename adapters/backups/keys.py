"""A fresh age key, made without any other program."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.backups.errors import BackupError
from adapters.backups.packing import pyrage_package
from config.instants import Instant, instant_text


def make_key(path: Path, now: Instant) -> str:
    """Write a new secret key, as age-keygen writes one, into a new file (mode 0600); its public key.

    Raises `BackupError` and `OSError`; a file that is there already is never written over.
    """
    identity = pyrage_package().x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise BackupError(
            f"{path} exists already, and a key is never written over: name another file with --out"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# created: {instant_text(now)}\n# public key: {public}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    return public

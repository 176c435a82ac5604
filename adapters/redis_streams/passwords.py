"""Passwords of Redis users: generated once into a folder that only its owner reads, and found there again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from adapters.secret_references import read_secret
from config.secret import Secret

BYTES: Final = 32


def kept_password(folder: Path, user: str) -> Secret:
    """The password in `<folder>/<user>.password`, made there if it is missing.

    Raises `OSError`, and `SecretMissingError` where the file cannot be used.
    """
    return kept_password_at(password_path(folder, user))


def kept_password_at(path: Path) -> Secret:
    """The password in a file, made there if it is missing; raises as `kept_password` does."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return read_secret(f"file:{path}", {})
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{secrets.token_urlsafe(BYTES)}\n")
        file.flush()
        os.fsync(file.fileno())
    return read_secret(f"file:{path}", {})


def password_path(folder: Path, user: str) -> Path:
    """Where the user's password is kept."""
    return folder.absolute() / f"{user}.password"

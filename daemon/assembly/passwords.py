"""Passwords, for the command that prints the users of a Redis."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.redis_streams.passwords import kept_password, kept_password_at
from adapters.secret_references import SecretMissingError, read_secret
from config.secret import Secret

__all__ = ["SecretMissingError", "password_at", "password_kept_at", "password_kept_in"]


def password_at(reference: str) -> Secret:
    """The password that a reference names; raises `SecretMissingError`."""
    return read_secret(reference, os.environ)


def password_kept_in(folder: str, user: str) -> Secret:
    """The user's password in the folder, made if it is missing; raises `OSError` and `SecretMissingError`."""
    return kept_password(Path(folder), user)


def password_kept_at(path: Path) -> Secret:
    """The password in a file, made if it is missing; raises `OSError` and `SecretMissingError`."""
    return kept_password_at(path)

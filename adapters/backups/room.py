"""A disk without room: said with the place, what is needed there and what was free."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.backups.errors import BackupError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def room_told(what: str, where: Path, needed_bytes: int, advice: str, backup: str = "") -> Iterator[None]:
    """Raise `BackupError` where the disk of the folder `where` is full meanwhile; any other error goes on."""
    free = _free_bytes(where)
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        full = "disk is full" in str(error) if isinstance(error, sqlite3.Error) else error.errno in _FULL
        if not full:
            raise
        raise BackupError(
            f"{what}: the disk of {where} is full: {_needed(needed_bytes)}, {_text(free)} were free. {advice}",
            backup,
        ) from error


def _free_bytes(where: Path) -> int:
    there = next((each for each in (where, *where.parents) if each.exists()), Path("/"))
    return shutil.disk_usage(there).free


def _needed(size: int) -> str:
    """A journal in PostgreSQL has no file whose size could be told."""
    return f"up to {_text(size)} are needed there" if size else "the whole journal must have room there"


def _text(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"

"""A whole copy of a journal, made beside its daemon: one moment of it, compact, private and on disk."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.journal_rows.reading import Point, last_point
from adapters.sqlite_journal.schema import create_private_file


def copy_whole(source: Path, target: Path, busy_timeout_ms: int = 5_000) -> None:
    """Copy what is committed at this moment into the new file `target` (mode 0600), synced to disk.

    The writer goes on meanwhile: it is only kept from shrinking its log. Every page is read, so that a file with
    unreadable pages is not copied. Raises `FileNotFoundError`, `FileExistsError`, `OSError` and `sqlite3.Error`; then
    there is no `target`.
    """
    if not source.is_file():
        raise FileNotFoundError(f"there is no journal at {source}")
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    # Not opened for reading only: after a kill, SQLite must first fold the log of the dead process in.
    with closing(sqlite3.connect(source, timeout=busy_timeout_ms / 1000, isolation_level=None)) as connection:
        copy_whole_from(connection, target)


def copy_whole_from(connection: sqlite3.Connection, target: Path) -> None:
    """Copy what an open journal holds into the new file `target` (mode 0600), synced to disk.

    Raises `FileExistsError`, and `OSError` and `sqlite3.Error`, after which there is no `target`.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    try:
        create_private_file(target)
        connection.execute("VACUUM INTO ?", (str(target),))
        sync_file(target)
    except BaseException:
        target.unlink(missing_ok=True)
        target.with_name(f"{target.name}-journal").unlink(missing_ok=True)
        raise


def end_of(path: Path, busy_timeout_ms: int = 5_000) -> Point:
    """The last event of a journal's file; raises `sqlite3.Error`."""
    with closing(sqlite3.connect(path, timeout=busy_timeout_ms / 1000, isolation_level=None)) as connection:
        return last_point(connection)


def sync_file(path: Path) -> None:
    """Wait until a file's content is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on disk."""
    sync_file(path)

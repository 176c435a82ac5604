"""The journal's file: its tables, and connections to it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from adapters.journal_rows.definitions import PROJECTION_TABLES, RECORD_TABLES
from adapters.journal_rows.meta import set_meta

SCHEMA_VERSION: Final = 2
"""Stored as SQLite's `user_version`. A file with a higher one was written by a newer solvent; one with a lower one is
migrated when a daemon opens it (`migrations`)."""
APPLICATION_ID: Final = 0x736F_6C76
"""Stored as SQLite's `application_id` (`solv`): tells our file from any other database."""
UNREADABLE_FILE: Final = (sqlite3.DatabaseError, AssertionError, UnicodeDecodeError)
"""What reading a file with changed bytes raises: SQLite's errors, which may quote bytes that are no text, and a small
fact of another kind than was written."""


def create_private_file(path: Path) -> None:
    """Make the empty file with mode 0600 and its directory with 0700, where they are missing.

    SQLite gives its `-wal` and `-shm` files the mode of the database.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def connect(path: Path, busy_timeout_ms: int, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection without implicit transactions; raises `sqlite3.Error`.

    It may move between threads, which use it one at a time.
    """
    connection = sqlite3.connect(
        path, timeout=busy_timeout_ms / 1000, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    # FULL: the log is synced at every commit, so that nobody is told of what a power cut could take back.
    connection.execute("PRAGMA synchronous=FULL")
    # Folding the log into the file waits for a moment between commits; see `writer`.
    connection.execute("PRAGMA wal_autocheckpoint=0")
    # What is overwritten leaves no bytes behind in the page: a forgotten customer is gone.
    connection.execute("PRAGMA secure_delete=FAST")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


def is_blank(connection: sqlite3.Connection) -> bool:
    """Whether the file holds nothing yet."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def create_tables(connection: sqlite3.Connection, journal_id: str, customer_key: bytes) -> None:
    """Make the whole file's schema in one transaction: a crash leaves it blank or complete."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    for table in (*RECORD_TABLES, *PROJECTION_TABLES):
        connection.execute(table)
    set_meta(connection, "journal_id", journal_id)
    set_meta(connection, "epoch", 1)
    set_meta(connection, "customer_key", customer_key)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")

"""One migration: prove and keep a copy, then change the tables and record it in one transaction."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from adapters.journal_rows.limits import Migrated
from adapters.journal_rows.reading import Point, last_point
from adapters.journal_rows.transactions import Group, append_groups
from adapters.sqlite_journal.copying import copy_whole, sync_directory
from adapters.sqlite_journal.migrations.steps import STEPS
from adapters.sqlite_journal.verification import verify
from config.instants import Instant
from machines.event_codec import encode_event
from machines.events import JournalMigrated
from machines.ports.journal import JournalDamagedError, JournalRefusedError, Proposal

_ACTOR: Final = "boot"


def migrate(
    connection: sqlite3.Connection, path: Path, tail: Point, busy_timeout_ms: int, now: Callable[[], Instant]
) -> tuple[Migrated | None, Point]:
    """Bring the tables up to the newest schema; what was done, and the journal's new end.

    All steps and the event `JournalMigrated` are one transaction: a kill leaves the old file or the new one. Before it,
    a copy of the file is made beside it and kept. Raises `JournalDamagedError` where the copy shows damage, `OSError`
    and `sqlite3.Error`; then nothing was changed.
    """
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    steps = [step for step in STEPS if step.to_schema > found]
    if not steps:
        return None, tail
    newest = steps[-1].to_schema
    migrated = Migrated(found, newest, _kept_copy(path, tail, newest, busy_timeout_ms).name)
    event = JournalMigrated(migrated.from_schema, migrated.to_schema, migrated.backup)
    at = now()
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps:
            step.run(connection)
        group = Group((Proposal(event, _ACTOR, at),), [encode_event(event)], (), at)
        _, tail = append_groups(connection, [group], tail)
        connection.execute(f"PRAGMA user_version={newest}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    return migrated, tail


def _kept_copy(path: Path, tail: Point, newest: int, busy_timeout_ms: int) -> Path:
    """The proven copy of the file as it was before; one that an interrupted migration left is taken again."""
    target = path.with_name(f"{path.stem}-before-schema-{newest}{path.suffix}")
    if target.exists():
        if _ends_at(target, tail):
            return target
        # Somebody went back to the older version and on with it: both copies are worth keeping.
        target = path.with_name(f"{path.stem}-before-schema-{newest}-at-{tail.sequence}{path.suffix}")
        if target.exists() and _ends_at(target, tail):
            return target
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        copy_whole(path, fresh, busy_timeout_ms)
        _require_whole(fresh, path, tail)
        fresh.rename(target)
        sync_directory(target.parent)
    except BaseException as error:
        fresh.unlink(missing_ok=True)
        if isinstance(error, OSError | sqlite3.Error) and _is_full(error):
            raise _no_room(path, target, newest) from error
        raise
    return target


def _is_full(error: OSError | sqlite3.Error) -> bool:
    if isinstance(error, sqlite3.Error):
        return "disk is full" in str(error)
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _no_room(path: Path, target: Path, newest: int) -> JournalRefusedError:
    needed, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    return JournalRefusedError(
        f"the journal {path} must be migrated to schema {newest}, and the disk has no room for the copy {target.name} "
        f"that is made before: it needs {needed / 1e6:.1f} MB, {free / 1e6:.1f} MB are free. Nothing was changed. Make "
        f"room in {path.parent} and start again"
    )


def _require_whole(copy: Path, path: Path, tail: Point) -> None:
    damaged = verify(copy)
    if damaged is not None or not _ends_at(copy, tail):
        raise JournalDamagedError(
            f"the journal {path} must be migrated, and the copy that was made before is damaged at event "
            f"{damaged or tail.sequence}. Nothing was changed. Run `solvent verify`, or restore a backup"
        )


def _ends_at(copy: Path, tail: Point) -> bool:
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            return last_point(connection) == tail
    except sqlite3.Error:
        return False

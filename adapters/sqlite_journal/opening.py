"""Opening the journal file: make it, recognise it, prove its newest part, mend a torn tail, refuse the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec

from adapters.journal_rows.chain import ChainBreakError, StoredEvent, checked, event_hash
from adapters.journal_rows.limits import OpeningReport
from adapters.journal_rows.meta import meta
from adapters.journal_rows.proving import damaged_after, proving_starts, written_by_newer
from adapters.journal_rows.reading import Point, identity_of, stored_events
from adapters.journal_rows.transactions import take_back
from adapters.sqlite_journal.expected_tables import require_expected_tables
from adapters.sqlite_journal.migrations import migrate
from adapters.sqlite_journal.remedies import remedy
from adapters.sqlite_journal.saved import command_back, events_saved, saved_last
from adapters.sqlite_journal.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    UNREADABLE_FILE,
    connect,
    create_private_file,
    create_tables,
    is_blank,
)
from config.errors import printable
from config.instants import Instant
from machines.ports.journal import JournalDamagedError, JournalIdentity, JournalRefusedError
from machines.upcasters import EventNewerError, require_known

_WHAT_TO_DO = (
    "Nothing was changed. Restore the newest backup of this file, or move it aside, together with the files of the "
    "same name and -wal and -shm at its end, to start a new journal from the payments and what the providers show"
)


class Opened(msgspec.Struct, frozen=True):
    """An open, proven journal file."""

    connection: sqlite3.Connection
    identity: JournalIdentity
    customer_key: bytes
    tail: Point
    report: OpeningReport


def open_file(
    path: Path,
    fold_version: int,
    random_bytes: Callable[[int], bytes],
    busy_timeout_ms: int,
    now: Callable[[], Instant],
) -> Opened:
    """Open the file, made where it is missing, migrated where an older solvent made its tables.

    Raises `JournalDamagedError` for a file that cannot be trusted or is newer than this code, and
    `JournalRefusedError` where the file system or another process stands in the way.
    """
    connection = None
    try:
        _require_nothing_left(path)
        create_private_file(path)
        connection = connect(path, busy_timeout_ms)
        opened = _open(connection, path, fold_version, random_bytes)
        return _migrated(opened, path, busy_timeout_ms, now)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, (OSError, sqlite3.OperationalError)) and "malformed" not in str(error):
            what_to_do = remedy(error, path)
            raise JournalRefusedError(
                f"the journal {path} cannot be opened: {error}" + (f". {what_to_do}" if what_to_do else "")
            ) from error
        if isinstance(error, UNREADABLE_FILE):
            why = printable(str(error)) or "its table meta lacks what every journal has"
            raise JournalDamagedError(
                f"the journal {path} is not readable as a database: {why}. {_WHAT_TO_DO}"
            ) from error
        raise


def _require_nothing_left(path: Path) -> None:
    """Refuse to make a journal where one was taken away and its log, or what was saved of it, is still there."""
    if path.exists() and path.stat().st_size:
        return
    saved = saved_last(path)
    _require_no_orphan(path, saved)
    if saved is not None:
        raise JournalDamagedError(
            f"there is no journal {path}, but {saved}, which was saved when the journal was taken away and goes up to "
            f"event {events_saved(saved)}: a new journal would know nothing of it. Nothing was changed. Put it back: "
            f"`{command_back(path, saved)}`, then start again; or move it to another folder to begin a new journal"
        )


def _require_no_orphan(path: Path, saved: Path | None) -> None:
    """Refuse to make a journal beside the log of another one: SQLite would throw away what only the log holds."""
    log = path.with_name(f"{path.name}-wal")
    if not (log.exists() and log.stat().st_size):
        return
    or_saved = (
        ""
        if saved is None
        else f". Where the first is gone for good, what was saved of it up to event {events_saved(saved)} takes its "
        f"place: `{command_back(path, saved)}`"
    )
    raise JournalDamagedError(
        f"there is no journal {path}, but its log {log} of {log.stat().st_size} bytes: a new journal would destroy the "
        f"newest events of the old one. Nothing was changed. The three files {path.name}, {log.name} and "
        f"{path.name}-shm belong together: put the first back, or move the others to where it is, or `solvent restore`"
        f"{or_saved}"
    )


def _open(
    connection: sqlite3.Connection, path: Path, fold_version: int, random_bytes: Callable[[int], bytes]
) -> Opened:
    created = is_blank(connection)
    if created:
        create_tables(connection, random_bytes(16).hex(), random_bytes(32))
    require_ours(connection, path)
    require_expected_tables(connection, path)
    connection.execute("PRAGMA journal_mode=WAL")
    tail, report = _prove(connection, path, fold_version)
    identity, customer_key = identity_of(connection), meta(connection, "customer_key")
    assert isinstance(customer_key, bytes)
    return Opened(connection, identity, customer_key, tail, msgspec.structs.replace(report, created=created))


def _migrated(opened: Opened, path: Path, busy_timeout_ms: int, now: Callable[[], Instant]) -> Opened:
    migrated, tail = migrate(opened.connection, path, opened.tail, busy_timeout_ms, now)
    if migrated is None:
        return opened
    told = (
        f"the journal {path} was migrated from schema {migrated.from_schema} to {migrated.to_schema}; "
        f"the file as it was before is kept as {migrated.backup}"
    )
    report = msgspec.structs.replace(opened.report, migrated=migrated, warnings=(*opened.report.warnings, told))
    return msgspec.structs.replace(opened, tail=tail, report=report)


def require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `JournalDamagedError` for another program's database, or one that a newer solvent wrote."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise JournalDamagedError(
            f"{path} is a SQLite database, but no journal of solvent; name another state directory"
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalDamagedError(
            f"the journal {path} was written by a newer solvent: its schema is version {version}, this one reads up to "
            f"{SCHEMA_VERSION}. Nothing was changed. Install that version again"
        )


def _prove(connection: sqlite3.Connection, path: Path, fold_version: int) -> tuple[Point, OpeningReport]:
    """Check every event after the newest snapshot, and mend a tail that was torn."""
    base = proving_starts(connection, fold_version, str(path), _WHAT_TO_DO)
    whole, read, torn = base, 0, None
    last = base
    try:
        for row in checked(stored_events(connection, base.sequence), base.sequence, base.hash):
            require_known(row.type, row.version)
            last, read = Point(row.sequence, row.hash, row.recorded_at), read + 1
            whole = last if row.group_end else whole
    except EventNewerError as newer:
        raise written_by_newer(str(path), last, newer) from newer
    except ChainBreakError as broken:
        if broken.gap or _goes_on_after(connection, broken.sequence):
            raise damaged_after(str(path), str(broken), last, _WHAT_TO_DO) from broken
        torn = str(broken)
    except sqlite3.DatabaseError as unreadable:
        what = f"event {last.sequence + 1} cannot be read ({unreadable})"
        raise damaged_after(str(path), what, last, _WHAT_TO_DO) from unreadable
    if torn is None and whole == last:
        return last, OpeningReport(created=False, verified_events=read)
    return whole, _mend(connection, path, whole, read, torn or f"event {last.sequence} does not end its group")


def _goes_on_after(connection: sqlite3.Connection, broken: int) -> bool:
    """Whether any later event follows the one before it: then the break lies in the middle, not at a torn end."""
    previous: StoredEvent | None = None
    for row in stored_events(connection, broken - 1):
        if previous is not None and event_hash(previous.hash, row) == row.hash:
            return True
        previous = row
    return False


def _mend(connection: sqlite3.Connection, path: Path, whole: Point, read: int, why: str) -> OpeningReport:
    """Take a torn tail away, with all that was written for it; payments among it will be read and counted again."""
    connection.execute("BEGIN IMMEDIATE")
    dropped = connection.execute("DELETE FROM events WHERE sequence > ?", (whole.sequence,)).rowcount
    take_back(connection, whole.sequence)
    connection.execute("COMMIT")
    warning = (
        f"the journal {path} had a torn end ({why}): {dropped} events after the last whole group were taken away, "
        f"it goes on after event {whole.sequence}"
    )
    return OpeningReport(created=False, verified_events=read, dropped_events=dropped, warnings=(warning,))

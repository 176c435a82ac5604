"""Examining a whole journal in one view: pages, chain, snapshots, payments, tables, each fault with its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from adapters.journal_rows.chain import ChainBreakError, StoredEvent, checked
from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import Point, anchor, stored_events
from adapters.sqlite_journal.expected_tables import table_faults
from adapters.sqlite_journal.opening import require_ours
from adapters.sqlite_journal.remembered import Remembered, Unlike
from adapters.sqlite_journal.schema import UNREADABLE_FILE, connect
from adapters.sqlite_journal.tables import ProjectedAgain
from config.errors import printable
from config.instants import Instant
from machines.events import JournalMoved, JournalRestored, Recorded
from machines.ports.examination import Damage, Examination, Fault, Hear, StoredFold
from machines.ports.journal import JournalDamagedError, JournalRefusedError

STRUCTURE_FAULTS_MAX: Final = 20


def examine(path: Path, hear: Hear, unlike: Unlike, busy_timeout_ms: int = 5_000) -> Examination:
    """Read the whole file in one view; safe beside a running daemon, nothing is changed.

    `unlike` says how a remembered payment differs from the counted one. Raises `FileNotFoundError`,
    `JournalDamagedError` for what is no journal of ours, and `JournalRefusedError` for what may not be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no journal at {path}")
    try:
        with closing(connect(path, busy_timeout_ms, read_only=True)) as connection:
            require_ours(connection, path)
            connection.execute("BEGIN")
            return _Examining(connection, hear, unlike).run()
    except sqlite3.OperationalError as error:
        if "malformed" in str(error) or "no such" in str(error):
            raise JournalDamagedError(_unreadable(path, error)) from error
        raise JournalRefusedError(
            f"the journal {path} cannot be read: {error}; read it as the user that the daemon runs as"
        ) from error
    except UNREADABLE_FILE as error:
        raise JournalDamagedError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    why = printable(str(error)) or "its table meta lacks what every journal has"
    return f"the journal {path} is not readable as a database: {why}; restore a backup (`solvent restore`)"


class _Examining:
    def __init__(self, connection: sqlite3.Connection, hear: Hear, unlike: Unlike) -> None:
        self._connection = connection
        self._hear = hear
        self._start = anchor(connection)
        self._end = self._start
        self._restores = 0
        self._damage: Damage | None = None
        self._payments = Remembered(unlike, _bytes_of(meta(connection, "customer_key")))
        self._tables = ProjectedAgain(connection, self._start.sequence)

    def run(self) -> Examination:
        structure = [*self._structure(), *table_faults(self._connection)]
        folds = {fold.sequence: fold for fold in self._folds()}
        hashes: dict[int, bytes] = {self._start.sequence: self._start.hash} if self._start.sequence else {}
        for row in self._proven():
            recorded = self._understood(row)
            if recorded is None:
                break
            if row.sequence in folds:
                hashes[row.sequence] = row.hash
            self._end = Point(row.sequence, row.hash, row.recorded_at)
            self._restores += isinstance(recorded.event, JournalRestored | JournalMoved)
            self._payments.hear(recorded, ends_group=row.group_end == 1)
            self._tables.hear(recorded)
            fold = folds.get(row.sequence)
            self._hear(recorded, fold if fold is not None and self._fits(fold, hashes) else None)
        faults = [*structure, *self._fold_faults(folds, hashes)]
        if self._damage is None:
            faults += self._payments.faults(self._connection, self._start.sequence, self._end.sequence)
            faults += self._tables.faults(self._end.sequence)
        return self._examination(tuple(dict.fromkeys(faults)))

    def _examination(self, faults: tuple[Fault, ...]) -> Examination:
        epoch = meta(self._connection, "epoch")
        assert isinstance(epoch, int)
        end = self._end
        return Examination(
            journal_id=str(meta(self._connection, "journal_id")),
            epoch=epoch,
            schema=self._connection.execute("PRAGMA user_version").fetchone()[0],
            dropped_before=self._start.sequence,
            last_sequence=end.sequence,
            last_hash=end.hash,
            last_recorded_at=end.recorded_at if end.sequence else None,
            restores=self._restores,
            damage=self._damage,
            faults=faults,
        )

    def _structure(self) -> Iterator[Fault]:
        """What SQLite itself finds wrong with the pages."""
        try:
            found = self._connection.execute(f"PRAGMA integrity_check({STRUCTURE_FAULTS_MAX})").fetchall()
        except sqlite3.DatabaseError as error:
            found = [(str(error),)]
        yield from (Fault("file", "", str(text)) for (text,) in found if text != "ok")

    def _folds(self) -> list[StoredFold]:
        try:
            rows = self._connection.execute(
                "SELECT sequence, fold_version, digest, event_hash, state FROM snapshots"
            ).fetchall()
        except sqlite3.DatabaseError:
            return []  # said by `_structure`
        return [
            StoredFold(number, version, sha256(_bytes_of(state)).digest() == digest, event_hash, _bytes_of(state))
            for number, version, digest, event_hash, state in rows
        ]

    def _fits(self, fold: StoredFold, hashes: dict[int, bytes]) -> bool:
        row = self._connection.execute(
            "SELECT event_hash FROM snapshots WHERE sequence = ?", (fold.sequence,)
        ).fetchone()
        return fold.intact and row is not None and row[0] == hashes.get(fold.sequence)

    def _fold_faults(self, folds: dict[int, StoredFold], hashes: dict[int, bytes]) -> Iterator[Fault]:
        for fold in folds.values():
            reached = self._damage is None or fold.sequence <= self._end.sequence
            if reached and not self._fits(fold, hashes):
                why = "its bytes are not those that were written" if not fold.intact else "it belongs to no event here"
                yield Fault("snapshots", f"of event {fold.sequence}", why, fold.sequence)

    def _proven(self) -> Iterator[StoredEvent]:
        rows = stored_events(self._connection, self._start.sequence)
        ends_group = True
        try:
            for row in checked(rows, self._start.sequence, self._start.hash):
                if row.recorded_at < self._end.recorded_at:
                    self._break(row.sequence, row.recorded_at, "it was recorded before the event before it")
                    return
                ends_group = row.group_end == 1
                yield row
                if self._damage is not None:
                    return
        except ChainBreakError as broken:
            self._break(broken.sequence, None, str(broken))
            return
        except (sqlite3.DatabaseError, msgspec.MsgspecError, TypeError, OverflowError) as unreadable:
            self._break(self._end.sequence + 1, None, f"cannot be read: {unreadable}")
            return
        if not ends_group:
            self._break(self._end.sequence, self._end.recorded_at, "the last event does not end its group")

    def _understood(self, row: StoredEvent) -> Recorded | None:
        try:
            return row.recorded()
        except (msgspec.MsgspecError, ValueError) as strange:
            self._break(row.sequence, row.recorded_at, f"it cannot be understood: {strange}")
            return None

    def _break(self, sequence: int, recorded_at: Instant | None, text: str) -> None:
        end = self._end
        self._damage = Damage(sequence, recorded_at, text, end.sequence, end.recorded_at if end.sequence else None)


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""

"""Reading a journal: events in checked chunks, payments by id, the newest usable snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from adapters.journal_rows.chain import StoredEvent, checked, genesis_hash
from adapters.journal_rows.definitions import EVENT_COLUMNS
from adapters.journal_rows.meta import meta
from adapters.journal_rows.statements import Statements
from config.instants import Instant
from machines.ports.journal import JournalIdentity, PaymentSeen, Snapshot

LIMIT_NONE: Final = (1 << 63) - 1
"""More rows than any table holds."""


class Point(msgspec.Struct, frozen=True):
    """A place in the chain: the last event that counts as read, by number, hash and recorded time."""

    sequence: int
    hash: bytes
    recorded_at: Instant


class StoredSnapshot(msgspec.Struct, frozen=True):
    """A snapshot and the place in the chain it was taken at."""

    snapshot: Snapshot
    event_hash: bytes


class SnapshotRow(msgspec.Struct, frozen=True):
    """A snapshot as it is stored, unchecked."""

    event_hash: bytes
    digest: bytes
    state: object
    """Bytes, unless a flipped bit changed the type."""


RowOf = Callable[[Statements, int], SnapshotRow | None]
"""Reads the snapshot of an event."""


def identity_of(connection: Statements) -> JournalIdentity:
    """Which journal it is."""
    epoch = meta(connection, "epoch")
    assert isinstance(epoch, int)
    return JournalIdentity(str(meta(connection, "journal_id")), epoch)


def anchor(connection: Statements) -> Point:
    """Where the stored chain starts: before the first event, or at the last one that retention dropped."""
    sequence = meta(connection, "anchor_sequence")
    if sequence is None:
        return Point(0, genesis_hash(str(meta(connection, "journal_id"))), 0)
    event_hash, recorded_at = meta(connection, "anchor_hash"), meta(connection, "anchor_recorded_at")
    assert isinstance(sequence, int)
    assert isinstance(event_hash, bytes)
    assert isinstance(recorded_at, int)
    return Point(sequence, event_hash, recorded_at)


def point_at(connection: Statements, sequence: int) -> Point | None:
    """The place of one event; None where it is not stored."""
    start = anchor(connection)
    if sequence == start.sequence:
        return start
    row = connection.execute(
        "SELECT sequence, hash, recorded_at FROM events WHERE sequence = ?", (sequence,)
    ).fetchone()
    return None if row is None else Point(*row)


def last_point(connection: Statements) -> Point:
    """The place of the last event; the chain's start for an empty journal."""
    row = connection.execute("SELECT sequence, hash, recorded_at FROM events ORDER BY sequence DESC LIMIT 1").fetchone()
    return anchor(connection) if row is None else Point(*row)


def stored_events(connection: Statements, after: int, limit: int = LIMIT_NONE) -> Iterator[StoredEvent]:
    """The rows after a sequence number as they stand, unchecked."""
    rows = connection.execute(
        f"SELECT {EVENT_COLUMNS} FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",  # noqa: S608 - a constant
        (after, limit),
    )
    return (StoredEvent(*row) for row in rows)


def checked_chunk(connection: Statements, after: int, limit: int) -> list[StoredEvent]:
    """Up to `limit` proven rows after a sequence number, or after what retention dropped; raises `ChainBreakError`."""
    connection.execute("BEGIN")  # one view: retention must not move the anchor between two statements
    try:
        start = anchor(connection)
        point = start if after <= start.sequence else point_at(connection, after)
        if point is None:
            return []
        return list(checked(stored_events(connection, point.sequence, limit), point.sequence, point.hash))
    finally:
        connection.execute("COMMIT")


def payments_seen(connection: Statements, ids: Sequence[str], chunk_items: int) -> dict[str, PaymentSeen]:
    """What is remembered of these ids."""
    found: dict[str, PaymentSeen] = {}
    for start in range(0, len(ids), chunk_items):
        chunk = _filled(ids[start : start + chunk_items])
        places = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT payment_id, fingerprint, counted, customer_hash FROM payments WHERE payment_id IN ({places})",  # noqa: S608 - question marks
            chunk,
        )
        for payment_id, fingerprint, counted, customer_hash in rows:
            found[payment_id] = PaymentSeen(payment_id, fingerprint, counted == 1, customer_hash)
    return found


def _filled(ids: Sequence[str]) -> Sequence[str]:
    """The ids up to the next power of two, the last one repeated: each number of places is a statement that is kept.

    Batches come in every size. A statement for each of them would be some megabytes, and be compiled again and again.
    """
    places = 1 << (len(ids) - 1).bit_length()
    return (*ids, *((ids[-1],) * (places - len(ids))))


def snapshot_row(connection: Statements, sequence: int) -> SnapshotRow | None:
    """The snapshot of an event, where its row holds all of it."""
    row = connection.execute(
        "SELECT event_hash, digest, state FROM snapshots WHERE sequence = ?", (sequence,)
    ).fetchone()
    return None if row is None else SnapshotRow(*row)


def newest_snapshot(connection: Statements, fold_version: int, row_of: RowOf = snapshot_row) -> StoredSnapshot | None:
    """The newest snapshot that this fold reads and whose bytes are those that were written."""
    tried: list[int] | None = None
    while True:
        listed = connection.execute(
            "SELECT sequence FROM snapshots WHERE fold_version = ? ORDER BY sequence DESC", (fold_version,)
        ).fetchall()
        there = [sequence for (sequence,) in listed]
        if there == tried:
            return None
        for sequence in there:
            found = _checked_snapshot(connection, sequence, row_of)
            if found is not None:
                return found
        tried = there  # the daemon that writes may have replaced them while they were read: look once more


def _checked_snapshot(connection: Statements, sequence: int, row_of: RowOf) -> StoredSnapshot | None:
    row, point = row_of(connection, sequence), point_at(connection, sequence)
    if row is None or point is None or point.hash != row.event_hash or not isinstance(row.state, bytes):
        return None
    whole = sha256(row.state).digest() == row.digest
    return StoredSnapshot(Snapshot(sequence, row.state), row.event_hash) if whole else None

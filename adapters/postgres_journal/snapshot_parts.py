"""The state of a snapshot, in parts: none of them takes long on its way, and events are written between two of them.

A state of a hundred megabytes in one message would hold up every event behind it, be in memory ten times, and take
longer than any limit that notices a server that hangs. Parts carry the digest of their whole state, so that they mean
nothing without a snapshot: what one that was never finished left behind goes before the next.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection, sql

from adapters.journal_rows.reading import SnapshotRow
from adapters.journal_rows.statements import Statements
from adapters.postgres_journal.batches import Batch

PART_BYTES: Final = 1 << 20
"""Of the state, before it is packed. At the 10 s of `journal.statement_timeout_s` a link of 0.1 MB/s is enough, and at
the 2 s that a standby waits one of 0.5 MB/s."""
IN_PARTS: Final = b""
"""What a snapshot's own row holds of its state."""
_LEVEL: Final = 1
"""A state becomes four times as small in a hundredth of a second for each part; higher levels take longer than they
save."""
_TABLE: Final = sql.Identifier("snapshot_parts")
_PUT: Final = sql.SQL(
    "INSERT INTO {} (digest, part, state) VALUES (%b, %s, %b)"
    " ON CONFLICT (digest, part) DO UPDATE SET state = excluded.state"
)
_READ: Final = sql.SQL("SELECT state FROM {} WHERE digest = %b AND part = %s")


def packed_parts(state: bytes) -> Iterator[bytes]:
    """The parts of a state, in order, each packed when it is asked for."""
    whole = memoryview(state)
    return (zlib.compress(whole[start : start + PART_BYTES], _LEVEL) for start in range(0, len(whole), PART_BYTES))


def put_part(
    connection: Connection[Any], digest: bytes, number: int, part: bytes, table: sql.Identifier = _TABLE
) -> None:
    """Store one packed part, as bytes and not as text; storing it again changes nothing."""
    connection.execute(_PUT.format(table), (digest, number, part))


def stored_state(connection: Connection[Any], digest: bytes, table: sql.Identifier = _TABLE) -> bytes:
    """The state that the parts make up; whatever is missing or damaged does not have the digest."""
    return b"".join(_unpacked(connection, digest, table))


def drop_loose_parts(connection: Statements) -> None:
    """Drop the parts of snapshots that are gone, or that were never finished."""
    connection.execute("DELETE FROM snapshot_parts WHERE digest NOT IN (SELECT digest FROM snapshots)")


def row_with_parts(connection: Statements, sequence: int) -> SnapshotRow | None:
    """A snapshot with its state put together; None where there is no snapshot of that event (any more)."""
    assert isinstance(connection, Batch), "no other store has parts"
    row = connection.execute("SELECT event_hash, digest FROM snapshots WHERE sequence = ?", (sequence,)).fetchone()
    if row is None:
        return None
    event_hash, digest = row
    return SnapshotRow(event_hash, digest, stored_state(connection.connection, digest))


def _unpacked(connection: Connection[Any], digest: bytes, table: sql.Identifier) -> Iterator[bytes]:
    statement, number = _READ.format(table), 0
    while (row := connection.execute(statement, (digest, number), binary=True).fetchone()) is not None:
        try:
            yield zlib.decompressobj().decompress(row[0], PART_BYTES)
        except zlib.error:
            return
        number += 1

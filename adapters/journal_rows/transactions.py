"""What the writer does inside one transaction: append groups, keep a snapshot, drop old events, forget a customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from adapters.journal_rows.chain import StoredEvent, event_hash
from adapters.journal_rows.definitions import EVENT_COLUMNS
from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.meta import set_meta
from adapters.journal_rows.projections import forget_after, project
from adapters.journal_rows.reading import Point, anchor, point_at, stored_events
from adapters.journal_rows.statements import Statements
from config.instants import DAY, Instant
from machines.event_codec import EncodedEvent
from machines.events import Recorded
from machines.ports.journal import PaymentSeen, Proposal, Snapshot

_EVENT: Final = f"INSERT INTO events ({EVENT_COLUMNS}) VALUES ({', '.join('?' * 11)})"  # noqa: S608 - constants
_PAYMENT: Final = """
    INSERT INTO payments (payment_id, fingerprint, counted, customer_hash, sequence) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (payment_id) DO UPDATE SET
        fingerprint = excluded.fingerprint, counted = excluded.counted,
        customer_hash = excluded.customer_hash, sequence = excluded.sequence"""
_SNAPSHOT: Final = """
    INSERT INTO snapshots (sequence, fold_version, event_hash, digest, state) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (sequence) DO UPDATE SET
        fold_version = excluded.fold_version, event_hash = excluded.event_hash,
        digest = excluded.digest, state = excluded.state"""


class Group(msgspec.Struct, frozen=True):
    """A group on its way: proposals, their encoded events, and the wall time of the call."""

    proposals: Sequence[Proposal]
    encoded: Sequence[EncodedEvent]
    payments: Sequence[PaymentSeen]
    called_at: Instant


def append_groups(connection: Statements, groups: Sequence[Group], tail: Point) -> tuple[list[list[Recorded]], Point]:
    """Write all groups after `tail` in the running transaction; what was recorded for each, and the new tail."""
    rows: list[StoredEvent] = []
    payments: dict[str, tuple[object, ...]] = {}
    answers: list[list[Recorded]] = []
    for group in groups:
        stored = _chained(group, tail)
        if stored:
            tail = Point(stored[-1].sequence, stored[-1].hash, stored[-1].recorded_at)
        rows += stored
        answers.append([_recorded(row, each) for row, each in zip(stored, group.proposals, strict=True)])
        for seen in group.payments:  # the newest statement of an id stands
            payments[seen.payment_id] = (
                seen.payment_id,
                seen.fingerprint,
                int(seen.counted),
                seen.customer_hash,
                tail.sequence,
            )
    connection.executemany(_EVENT, map(msgspec.structs.astuple, rows))
    connection.executemany(_PAYMENT, payments.values())
    project(connection, [recorded for answer in answers for recorded in answer])
    return answers, tail


def _chained(group: Group, tail: Point) -> list[StoredEvent]:
    """The group's rows: numbered, never earlier than the event before, each hashed onto the one before."""
    recorded_at = max(tail.recorded_at, group.called_at)
    first, previous = tail.sequence + 1, tail.hash
    rows: list[StoredEvent] = []
    for index, (proposal, encoded) in enumerate(zip(group.proposals, group.encoded, strict=True)):
        row = StoredEvent(
            first + index,
            recorded_at,
            proposal.effective_at,
            proposal.actor,
            proposal.cause,
            encoded.name,
            encoded.version,
            first,
            int(index == len(group.proposals) - 1),
            encoded.data.decode(),
        )
        previous = event_hash(previous, row)
        rows.append(msgspec.structs.replace(row, hash=previous))
    return rows


def _recorded(row: StoredEvent, proposal: Proposal) -> Recorded:
    return Recorded(row.sequence, row.recorded_at, row.effective_at, row.actor, row.cause, proposal.event, row.hash)


def keep_snapshot(connection: Statements, snapshot: Snapshot, digest: bytes, fold_version: int, kept: int) -> None:
    """Store the snapshot beside the hash of its event, and only the newest `kept`; raises `ValueError`.

    `digest` is that of the state, also where the row holds none of it.
    """
    point = point_at(connection, snapshot.sequence) if snapshot.sequence > 0 else None
    if point is None:
        raise ValueError(f"a snapshot of event {snapshot.sequence}, which the journal does not hold")
    connection.execute(_SNAPSHOT, (snapshot.sequence, fold_version, point.hash, digest, snapshot.state))
    connection.execute(
        "DELETE FROM snapshots WHERE sequence NOT IN (SELECT sequence FROM snapshots ORDER BY sequence DESC LIMIT ?)",
        (kept,),
    )


def drop_old_events(connection: Statements, now: Instant, limits: JournalLimits) -> int:
    """Drop whole groups that are past retention and covered by every kept snapshot; how many events went.

    The hash of the last one dropped stays in `meta` as the chain's anchor.
    """
    if limits.retention_days is None:
        return 0
    start = anchor(connection)
    last = connection.execute(
        """SELECT max(sequence) FROM events
           WHERE group_end = 1 AND recorded_at < ? AND sequence > ? AND sequence <= ?
             AND sequence <= (SELECT min(sequence) FROM snapshots)""",
        (now - limits.retention_days * DAY, start.sequence, start.sequence + limits.dropped_events_max),
    ).fetchone()[0]
    point = None if last is None else point_at(connection, last)
    if point is None:
        return 0
    connection.execute("DELETE FROM events WHERE sequence <= ?", (point.sequence,))
    connection.execute("DELETE FROM revenue_snapshots WHERE kind = 'measured' AND sequence <= ?", (point.sequence,))
    set_meta(connection, "anchor_sequence", point.sequence)
    set_meta(connection, "anchor_hash", point.hash)
    set_meta(connection, "anchor_recorded_at", point.recorded_at)
    return point.sequence - start.sequence


def take_back(connection: Statements, sequence: int) -> None:
    """Take away what events after `sequence`, which are gone already, had written to every other table."""
    connection.execute("DELETE FROM payments WHERE sequence > ?", (sequence,))
    connection.execute("DELETE FROM snapshots WHERE sequence > ?", (sequence,))
    left = stored_events(connection, anchor(connection).sequence)
    forget_after(connection, sequence, (row.recorded() for row in left))


def forget_customer(connection: Statements, customer_hash: bytes) -> int:
    """Take the customer's hash off every payment; how many payments carried it."""
    if not customer_hash:
        return 0
    changed = connection.execute("UPDATE payments SET customer_hash = ? WHERE customer_hash = ?", (b"", customer_hash))
    return changed.rowcount

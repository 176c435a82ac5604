"""Taking a journal back to a moment: whole groups after it go, with all that was written for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from adapters.journal_rows.meta import meta, set_meta
from adapters.journal_rows.reading import Point, anchor, last_point, point_at
from adapters.journal_rows.transactions import Group, append_groups, take_back
from config.instants import Instant, instant_text
from machines.event_codec import encode_event
from machines.events import Event
from machines.ports.journal import Proposal


class CannotCutError(Exception):
    """The journal does not reach back to that moment; the message says how far it does."""


def cut_after(connection: sqlite3.Connection, until: Instant) -> int:
    """Within a transaction, drop every group that was recorded after `until`; how many events went.

    Payments of those groups are unknown again, so that reading them again counts them. Raises `CannotCutError`.
    """
    start, end = anchor(connection), last_point(connection)
    row = connection.execute(
        "SELECT max(sequence) FROM events WHERE group_end = 1 AND recorded_at <= ?", (until,)
    ).fetchone()
    if row[0] is None:
        raise CannotCutError(_too_early(connection, start, until))
    kept: int = row[0]
    if kept == end.sequence:
        return 0
    snapshot = connection.execute("SELECT min(sequence) FROM snapshots").fetchone()[0]
    if start.sequence and (snapshot is None or snapshot > kept):
        raise CannotCutError(
            f"retention dropped the events up to {start.sequence}, and the oldest snapshot that is left is of event "
            f"{snapshot}, after {instant_text(until)}: take an older backup, or a later time"
        )
    connection.execute("DELETE FROM events WHERE sequence > ?", (kept,))
    take_back(connection, kept)
    return end.sequence - kept


def _too_early(connection: sqlite3.Connection, start: Point, until: Instant) -> str:
    first = connection.execute("SELECT min(recorded_at) FROM events").fetchone()[0]
    if first is None:
        return "the journal of this backup holds no events"
    why = f" (retention dropped the {start.sequence} events before)" if start.sequence else ""
    return f"the journal of this backup begins at {instant_text(first)}{why}, after {instant_text(until)}"


def begin_epoch(connection: sqlite3.Connection, epoch: int, events: Sequence[Event], actor: str, now: Instant) -> Point:
    """Within a transaction, give the journal a new epoch and append one group; the journal's new end."""
    assert epoch > int(meta(connection, "epoch") or 0)
    set_meta(connection, "epoch", epoch)
    proposals = tuple(Proposal(event, actor, now) for event in events)
    group = Group(proposals, [encode_event(event) for event in events], (), now)
    _, end = append_groups(connection, [group], last_point(connection))
    assert point_at(connection, end.sequence) == end
    return end

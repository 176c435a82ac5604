"""Proving a journal at its opening: from where, and what is said of one that cannot be proven."""

from __future__ import annotations

from adapters.journal_rows.reading import Point, RowOf, anchor, newest_snapshot, point_at, snapshot_row
from adapters.journal_rows.statements import Statements
from config.instants import instant_text
from machines.ports.journal import JournalDamagedError
from machines.upcasters import EventNewerError


def proving_starts(
    connection: Statements, fold_version: int, name: str, what_to_do: str, row_of: RowOf = snapshot_row
) -> Point:
    """The newest snapshot, else where the chain starts; raises `JournalDamagedError` where neither leads to the state.

    `name` is the journal's and `what_to_do` the advice, both for messages.
    """
    start = anchor(connection)
    newest = newest_snapshot(connection, fold_version, row_of)
    if newest is None and start.sequence > 0:
        raise JournalDamagedError(
            f"the journal {name} starts after event {start.sequence} (older ones were dropped by retention), and none "
            f"of its snapshots can be read by this version of solvent. {what_to_do}"
        )
    return start if newest is None else point_at(connection, newest.snapshot.sequence) or start


def written_by_newer(name: str, last: Point, newer: EventNewerError) -> JournalDamagedError:
    """The event after `last` is one that this version does not know."""
    return JournalDamagedError(
        f"the journal {name} was written by a newer solvent: event {last.sequence + 1}: {newer}. "
        "Nothing was changed. Install that version again"
    )


def damaged_after(name: str, what: str, last: Point, what_to_do: str) -> JournalDamagedError:
    """What comes after `last` is not what was written."""
    good = (
        f"the last good event is {last.sequence} of {instant_text(last.recorded_at)}"
        if last.sequence
        else "no event is good"
    )
    return JournalDamagedError(f"the journal {name} is damaged: {what}; {good}. {what_to_do}")

"""Bringing older tables up to this version, in the one transaction that also says so in the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from adapters.journal_rows.limits import Migrated
from adapters.journal_rows.meta import meta, set_meta
from adapters.journal_rows.reading import Point
from adapters.journal_rows.statements import Statements
from adapters.journal_rows.transactions import Group, append_groups
from adapters.postgres_journal.batches import Batch
from adapters.postgres_journal.claiming import Claim
from config.instants import Instant
from machines.event_codec import encode_event
from machines.events import JournalMigrated
from machines.ports.journal import Proposal

_ACTOR: Final = "boot"
_NO_COPY: Final = "none: PostgreSQL takes a failed migration back"


class Step(msgspec.Struct, frozen=True):
    """One change of the tables, run within a transaction that somebody else commits."""

    to_schema: int
    run: Callable[[Statements], object]


STEPS: Final[tuple[Step, ...]] = ()
"""From schema N to N + 1, in order: none yet, for the first journals in PostgreSQL had schema 2."""


def migrate(
    batch: Batch, claim: Claim, tail: Point, now: Instant, steps: Sequence[Step]
) -> tuple[Migrated | None, Point]:
    """Bring the tables up to the newest schema; what was done, and the journal's new end.

    A kill leaves the old tables or the new ones. Raises `psycopg.Error`; then nothing was changed.
    """
    found = meta(batch, "schema_version")
    assert isinstance(found, int)
    due = [step for step in steps if step.to_schema > found]
    if not due:
        return None, tail
    newest = due[-1].to_schema
    event = JournalMigrated(found, newest, _NO_COPY)
    batch.begin()
    for step in due:
        step.run(batch)
    group = Group((Proposal(event, _ACTOR, now),), [encode_event(event)], (), now)
    _, tail = append_groups(batch, [group], tail)
    set_meta(batch, "schema_version", newest)
    batch.commit(claim.check)
    return Migrated(found, newest, _NO_COPY), tail

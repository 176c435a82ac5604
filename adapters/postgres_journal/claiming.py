"""Who may write: the fencing token of the lease, and the number of the one connection that writes.

Both are checked in the transaction of every write, right before its COMMIT, and locked until it is over. So a write is
either done before another daemon takes the lead, and seen by it, or not done at all. The number keeps a message that
was left behind on a lost connection from being carried out after its daemon asked what became of it.
"""

from __future__ import annotations

from typing import Final

import msgspec
import psycopg

from adapters.journal_rows.reading import Point, last_point
from adapters.postgres_journal.batches import Batch
from adapters.postgres_journal.literals import bound
from adapters.postgres_journal.place import PostgresPlace
from machines.ports.journal import JournalDamagedError, JournalFencedError

_FENCED: Final = "fenced by "
_OVERTAKEN: Final = "writer is "
_CHECK: Final = """
    WITH held AS MATERIALIZED (SELECT fencing FROM lease FOR SHARE),
        writing AS MATERIALIZED (SELECT value FROM meta WHERE key = 'writer' FOR SHARE)
    SELECT CASE
        WHEN (SELECT value FROM writing) IS DISTINCT FROM ?
            THEN ('writer is ' || coalesce((SELECT value FROM writing), 'nobody'))::bigint
        {fencing}
        ELSE 0
    END"""
"""A text that is no number ends the transaction, and says why."""
_CHECK_FENCING: Final = """WHEN (SELECT fencing FROM held) IS DISTINCT FROM ?
            THEN ('fenced by ' || coalesce((SELECT fencing FROM held)::text, 'nobody'))::bigint"""
_TAKE: Final = "UPDATE meta SET value = ? WHERE key = 'writer'"
_LOST: Final = (
    "the store lost events that were acknowledged: was it failed over to a replica that lagged, or restored? Make the "
    "server that has them the primary again (synchronous replication keeps this from happening), or `solvent restore` "
    "a backup; nothing more was written"
)


class Found(msgspec.Struct, frozen=True):
    """What was found when the claim was taken again."""

    tail: Point
    is_ours: bool
    """False where another daemon has opened the journal since."""


class Claim:
    """The right to write of one open journal."""

    def __init__(self, place: PostgresPlace, fencing: int | None, owner: str) -> None:
        """`owner` tells this opening of the journal from every other; without `fencing` there is no lease."""
        self._place = place
        self._fencing = fencing
        self._owner = owner
        self._number = 0
        """The one under which the claim was last taken: its check is prepared on the connection."""
        self._tried = 0

    def take(self, batch: Batch) -> None:
        """At the opening: from now on nobody else writes. Raises `JournalFencedError` where another daemon leads."""
        batch.begin()
        number = self._next_number()
        # Before the lease, as the check does: two orders would block each other.
        batch.execute(_TAKE, (self._writer(number),))
        self.require_lead(batch)
        self._prepare_check(batch, number)
        batch.commit()
        self._number = number

    def retake(self, batch: Batch) -> Found:
        """After a lost connection: what was left behind on it is over, one way or the other; where the journal ends.

        Raises `JournalFencedError`, `JournalDamagedError` and `psycopg.Error`.
        """
        batch.begin()
        number = self._next_number()
        # This waits for a transaction that is just being committed, and fails one that comes later.
        taken = batch.execute(
            f"{_TAKE} AND left(value, ?) = ?", (self._writer(number), len(self._owner) + 1, f"{self._owner}.")
        )
        is_ours = taken.rowcount == 1
        self.require_lead(batch)
        found = Found(last_point(batch), is_ours)
        self._prepare_check(batch, number)
        batch.commit()
        self._number = number
        return found

    @property
    def check(self) -> str:
        """The statement before a COMMIT, on the connection that the claim was last taken on."""
        return f"EXECUTE may_write_{self._number}"

    def require_lead(self, batch: Batch) -> None:
        """Within a transaction, raise `JournalFencedError` where another daemon leads, and keep it from taking over."""
        row = batch.execute("SELECT fencing FROM lease FOR SHARE").fetchone()
        if self._fencing is None:
            return
        fencing = None if row is None else row[0]
        if fencing != self._fencing:
            raise self._not_leading(str(fencing))

    def refused(self, error: psycopg.Error) -> JournalFencedError | JournalDamagedError | None:
        """What a failed check means; None for an error that is none of it."""
        text = str(error)
        if not isinstance(error, psycopg.errors.InvalidTextRepresentation):
            return None
        if _FENCED in text:
            return self._not_leading(text.rsplit(_FENCED, 1)[1].split('"', 1)[0])
        return self.overtaken() if _OVERTAKEN in text else None

    def overtaken(self) -> JournalFencedError:
        """Another daemon has opened the journal since."""
        return JournalFencedError(
            f"another daemon opened the journal {self._place} and writes it now; this daemon must end"
        )

    def lost(self, found: int, expected: int) -> JournalDamagedError:
        """The store ends before what was acknowledged."""
        return JournalDamagedError(
            f"the journal {self._place} ends with event {found}, and {expected} was acknowledged: {_LOST}"
        )

    def _prepare_check(self, batch: Batch, number: int) -> None:
        """Planned once, it costs a fifth."""
        if self._fencing is None:
            check = bound(_CHECK.format(fencing=""), (self._writer(number),))
        else:
            check = bound(_CHECK.format(fencing=_CHECK_FENCING), (self._writer(number), self._fencing))
        batch.execute(f"PREPARE may_write_{number} AS {check}")

    def _next_number(self) -> int:
        """Another one for each try: a try that failed may have left its check on the connection."""
        self._tried += 1
        return self._tried

    def _writer(self, number: int) -> str:
        return f"{self._owner}.{number}"

    def _not_leading(self, found: str) -> JournalFencedError | JournalDamagedError:
        if found.isdecimal() and self._fencing is not None and int(found) < self._fencing:
            return JournalDamagedError(
                f"the lease of the journal {self._place} has the fencing token {found}, this daemon got "
                f"{self._fencing}: {_LOST}"
            )
        return JournalFencedError(
            f"another daemon leads: the lease of the journal {self._place} has the fencing token {found}, this daemon "
            f"had {self._fencing}. This daemon must end"
        )


def end_older_writers(batch: Batch, name: str) -> None:
    """End the sessions of daemons that led before: one that stands still must not keep what it has locked."""
    batch.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?"
        " AND pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()",
        (name,),
    )

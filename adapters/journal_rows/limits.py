"""The limits of a journal, and what opening it found."""

from __future__ import annotations

import msgspec


class JournalLimits(msgspec.Struct, frozen=True):
    """Every limit with its unit; none of them changes what is stored."""

    group_events_max: int = 10_000
    """More events in one group raise `ValueError`."""
    waiting_groups_max: int = 1_024
    """More callers than this wait for a place in the queue; all that wait are written in one transaction."""
    commit_rows_max: int = 20_000
    """Events and payments of one transaction, unless one group has more: it takes a second, not a minute."""
    read_chunk_events: int = 1_000
    lookup_chunk_items: int = 128
    """Payment ids in one SELECT. SQLite keeps the statement, 38 KB of so many and in all sizes 75: what a rare large
    batch leaves behind; more are hardly faster there. PostgreSQL keeps none; it is asked eight times for a thousand."""
    snapshots_kept: int = 2
    checkpoint_commits: int = 256
    """SQLite alone: after so many commits the write-ahead log is folded into the file, between two commits."""
    checkpoint_rows: int = 8_000
    """The same by rows written."""
    unknown_outcome_s: int = 60
    """PostgreSQL alone: how long to ask what became of a commit whose answer was lost. Longer than a restart or a
    fail-over takes; beyond it the daemon ends."""
    busy_timeout_ms: int = 5_000
    """How long to wait for somebody who holds the file, such as a person with a SQLite shell."""
    retention_days: int | None = None
    """Keep events at least so long; older ones that all kept snapshots cover are dropped. None keeps everything."""
    dropped_events_max: int = 20_000
    """How many events one snapshot may drop, so that it stays short."""


class Migrated(msgspec.Struct, frozen=True):
    """The tables were changed for this version of solvent."""

    from_schema: int
    to_schema: int
    backup: str
    """The name of the copy that was made before, beside the journal."""


class OpeningReport(msgspec.Struct, frozen=True):
    """What opening found and did. `warnings` are sentences for the operator."""

    created: bool
    verified_events: int
    """How many events after the newest snapshot (or from the start) had their hash checked."""
    dropped_events: int = 0
    """How many events of a torn tail were taken away."""
    warnings: tuple[str, ...] = ()
    migrated: Migrated | None = None

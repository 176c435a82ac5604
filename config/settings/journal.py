"""The journal's settings."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import Seconds, SecretReference


class JournalSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The append-only journal: a SQLite file in the state directory, or a schema of a PostgreSQL server."""

    url: SecretReference = ""
    """Where the address of PostgreSQL is, for it holds a password: `postgresql://…`, with several hosts where there are
    some. Empty keeps the journal in the state directory."""
    schema: Annotated[
        str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}\Z", description="a name of small letters, digits and _")
    ] = "solvent"
    """The schema that holds this journal's tables: another one for each journal on one database. All daemons of one
    journal name the same."""
    connect_timeout_s: Annotated[int, Meta(ge=1, le=60)] = 5
    """How long PostgreSQL may take to let the daemon in; the next host is tried after it."""
    statement_timeout_s: Annotated[int, Meta(ge=1, le=300)] = 10
    """How long one transaction of the journal may take: beyond it the server is as good as away."""
    unknown_outcome_s: Annotated[int, Meta(ge=1, le=3_600)] = 60
    """How long PostgreSQL is asked what became of a commit whose answer was lost; then the daemon ends, for it does not
    know what is durable. Longer than a restart or a fail-over takes. A daemon whose lease runs out ends before it."""
    group_events_max: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """Events that share one transaction and one fsync."""
    waiting_groups_max: Annotated[int, Meta(ge=10, le=1_000_000)] = 10_000
    """Groups of events that wait for the disk; one more is refused, as by a full disk. Each actor waits with one at
    most, so that only a defect comes so far."""
    snapshot_every_events: Annotated[int, Meta(ge=100, le=10_000_000)] = 10_000
    """How many events a resume folds at most, about a second's work."""
    snapshots_kept: Annotated[int, Meta(ge=1, le=100)] = 2
    """Older snapshots are deleted: the second covers a damaged first."""
    retention_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    """Events are kept at least so long, and while a kept snapshot does not cover them. None keeps everything: the
    self-audit needs the journal's beginning."""
    busy_timeout_ms: Annotated[int, Meta(ge=0, le=60_000)] = 5_000
    """How long a write waits for another process's read lock, such as `solvent history`."""
    disk_retry_s: Seconds = 5
    """Pause between two attempts while the disk is full."""

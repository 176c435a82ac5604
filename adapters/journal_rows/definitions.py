"""The tables of a journal, as SQLite reads them; PostgreSQL's are spelled from these (`postgres_journal.schema`)."""

from __future__ import annotations

from typing import Final

RECORD_TABLES: Final = (
    """CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value ANY
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE events (
        sequence INTEGER PRIMARY KEY,
        recorded_at INTEGER NOT NULL,
        effective_at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        cause INTEGER,
        type TEXT NOT NULL,
        version INTEGER NOT NULL,
        group_first INTEGER NOT NULL,
        group_end INTEGER NOT NULL,
        data TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE payments (
        payment_id TEXT PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        counted INTEGER NOT NULL,
        customer_hash BLOB NOT NULL,
        sequence INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE snapshots (
        sequence INTEGER PRIMARY KEY,
        fold_version INTEGER NOT NULL,
        event_hash BLOB NOT NULL,
        digest BLOB NOT NULL,
        state BLOB NOT NULL
    ) STRICT""",
)

EVENT_COLUMNS: Final = (
    "sequence, recorded_at, effective_at, actor, cause, type, version, group_first, group_end, data, hash"
)

PROJECTION_TABLES: Final = (
    """CREATE TABLE revenue_snapshots (
        sequence INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        month TEXT NOT NULL,
        revenue_micros INTEGER NOT NULL,
        mrr_micros INTEGER NOT NULL,
        committed_micros INTEGER NOT NULL,
        quality TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE economic_scaling_log (
        sequence INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        cause INTEGER,
        event TEXT NOT NULL,
        subject TEXT NOT NULL,
        from_state TEXT NOT NULL,
        to_state TEXT NOT NULL,
        amount_micros INTEGER,
        reason TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE component_activation_states (
        component TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        since TEXT NOT NULL,
        committed_micros INTEGER NOT NULL,
        token TEXT,
        generation INTEGER,
        open_step TEXT,
        managed INTEGER NOT NULL DEFAULT 1,
        parked TEXT,
        sequence INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE revenue_threshold_config (
        sequence INTEGER NOT NULL,
        level INTEGER NOT NULL,
        level_id TEXT NOT NULL,
        name TEXT NOT NULL,
        minimum_micros INTEGER,
        max_burn_micros INTEGER NOT NULL,
        trigger_json TEXT NOT NULL,
        plan TEXT NOT NULL,
        plan_fingerprint TEXT NOT NULL,
        at TEXT NOT NULL,
        set_by TEXT NOT NULL DEFAULT 'plan',
        until TEXT,
        reason TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (sequence, level)
    ) STRICT, WITHOUT ROWID""",
)

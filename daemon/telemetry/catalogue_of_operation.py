"""The metrics of the daemon's own work, by name: its tasks and queues, notifications, backups, the lease."""

from __future__ import annotations

from typing import Final

from daemon.telemetry.samples import Description, Kind

_GAUGE, _COUNTER = Kind.GAUGE, Kind.COUNTER

OF_OPERATION: Final = (
    Description("solvent_build_info", _GAUGE, "1; the version and the journal.", ("version", "journal_id")),
    Description("solvent_mode", _GAUGE, "1 for the present mode: observe_only (a dry run) or act.", ("mode",)),
    Description(
        "solvent_frozen", _GAUGE, "1 for each reason that freezes decisions; absent while none does.", ("key",)
    ),
    Description("solvent_paused", _GAUGE, "1 for the pause that an operator holds: all, up or down.", ("scope",)),
    Description("solvent_pins_items", _GAUGE, "Components that an operator holds in a state."),
    Description("solvent_approvals_waiting_items", _GAUGE, "Moves that wait for an operator's approval."),
    Description("solvent_commands_answered_total", _COUNTER, "Replies to commands.", ("outcome",)),
    Description("solvent_journal_last_sequence", _GAUGE, "The last durable event."),
    Description("solvent_journal_refusing", _GAUGE, "1 while the journal takes nothing, as with a full disk."),
    Description(
        "solvent_journal_oldest_wait_seconds",
        _GAUGE,
        "How long the oldest events that are not yet durable have waited; 0 while none do.",
    ),
    Description("solvent_publication_connected", _GAUGE, "1 while the outgoing streams can be reached."),
    Description("solvent_publication_last_sequence", _GAUGE, "The last event in the stream of events."),
    Description("solvent_publication_lag_events", _GAUGE, "Durable events that are not yet published."),
    Description(
        "solvent_publication_blocked",
        _GAUGE,
        "1 for each stream that takes nothing from us, such as for a stranger's entry.",
        ("stream",),
    ),
    Description("solvent_publication_entries_total", _COUNTER, "Entries published.", ("stream",)),
    Description("solvent_mqtt_connected", _GAUGE, "1 while the MQTT broker can be reached; absent without one."),
    Description("solvent_tasks_items", _GAUGE, "Tasks of the event loop that are not done."),
    Description("solvent_mailbox_items", _GAUGE, "Messages that wait in the actors' mailboxes."),
    Description(
        "solvent_actors_parked_items", _GAUGE, "Actors and root tasks that failed too often and wait for an operator."
    ),
    Description("solvent_actor_restarts_total", _COUNTER, "Restarts of actors and root tasks."),
    Description(
        "solvent_mailbox_refusals_total", _COUNTER, "Messages that an actor did not take, for whatever reason."
    ),
    Description("solvent_mailbox_overflows_total", _COUNTER, "Those that met a full mailbox."),
    Description("solvent_asks_late_total", _COUNTER, "Questions between actors whose deadline passed."),
    Description("solvent_tasks_abandoned_total", _COUNTER, "Tasks that outlived their cancellation in a stop."),
    Description("solvent_root_beat_age_seconds", _GAUGE, "Time since a root task last said that it lives.", ("root",)),
)

OF_NOTIFICATIONS: Final = (
    Description(
        "solvent_notifications_waiting_items", _GAUGE, "Deliveries that wait for their time or a retry.", ("channel",)
    ),
    Description(
        "solvent_notifications_dead_items",
        _GAUGE,
        "Deliveries that were given up and wait for an operator's replay.",
        ("channel",),
    ),
    Description("solvent_notifications_delivered_total", _COUNTER, "Deliveries that a receiver took.", ("channel",)),
    Description(
        "solvent_log_lines_suppressed_total", _COUNTER, "Log lines left out, for there were too many.", ("event",)
    ),
)

OF_BACKUPS: Final = (
    Description(
        "solvent_backup_last_success_timestamp_seconds",
        _GAUGE,
        "When the newest whole backup was made, Unix seconds; absent before the first, and while it is dated in the "
        "future.",
    ),
    Description("solvent_backup_age_seconds", _GAUGE, "Time since then."),
    Description("solvent_backup_bytes", _GAUGE, "Its size."),
    Description(
        "solvent_backup_failing", _GAUGE, "1 where the newest attempt failed, else 0; absent before the first."
    ),
    Description(
        "solvent_restore_drill_ok", _GAUGE, "1 where the last restore drill passed, else 0; absent before the first."
    ),
    Description("solvent_restore_drill_age_seconds", _GAUGE, "Time since the last restore drill."),
    Description("solvent_restore_drill_duration_seconds", _GAUGE, "How long it took to restore."),
)

OF_THE_LEASE: Final = (
    Description("solvent_leader", _GAUGE, "1 on the daemon that leads, 0 on one that stands by."),
    Description(
        "solvent_lease_fencing", _GAUGE, "The fencing token of the newest lease, as this daemon saw it; grows by one."
    ),
    Description(
        "solvent_lease_expires_seconds",
        _GAUGE,
        "On the leader until it stops leading unless it renews; on a standby until the leader's lease ends.",
    ),
    Description(
        "solvent_lease_standbys_items", _GAUGE, "On the leader: standbys that were heard of within a lease's time."
    ),
    Description(
        "solvent_standby_lag_events", _GAUGE, "On a standby: durable events of the leader that it has not folded yet."
    ),
)
"""Of daemons whose journal is in PostgreSQL."""

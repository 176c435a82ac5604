"""When the alerts on the daemon, its notifications and its backups fire."""

from __future__ import annotations

from typing import Final

from tests.monitoring.alert_case import Case

BUILD: Final = 'solvent_build_info{version="0.2.0", journal_id="j"}'

OPERATION_CASES: Final = (
    Case(
        "SolventDown",
        {"up": 0},
        "vps:9327 cannot be scraped (up is 0). What runs goes on running, and nobody lowers it.",
        {"up": 1},
    ),
    Case(
        "SolventNotScraped",
        {},
        "No target of the job solvent is configured: none of these alerts can fire (1).",
        {"up": 0},
        {"job": "solvent"},
        from_daemon=False,
    ),
    Case(
        "SolventRestarting",
        {"process_start_time_seconds": "100 200 300 400 500+0x9"},
        "4 restarts within an hour (vps:9327).",
        {"process_start_time_seconds": "100 200 300 400+0x9"},
        lead_s=600,
    ),
    Case(
        "SolventActorParked",
        {"solvent_actors_parked_items": 1},
        "1 actors or root tasks failed too often and wait for an operator (vps:9327).",
        {"solvent_actors_parked_items": 0},
    ),
    Case(
        "SolventActorRestarting",
        {"solvent_actor_restarts_total": "0+1x10"},
        "10 restarts of actors or root tasks within a quarter of an hour (vps:9327).",
        {"solvent_actor_restarts_total": "7 8 9+0x9"},
        lead_s=600,
    ),
    Case(
        "SolventRootSilent",
        {'solvent_root_beat_age_seconds{root="publication"}': 91, 'solvent_root_beat_age_seconds{root="costs"}': 89},
        "The root task publication said nothing for 1m 31s (vps:9327).",
        {'solvent_root_beat_age_seconds{root="publication"}': 90},
        {"root": "publication"},
    ),
    Case(
        "SolventMailboxFull",
        {"solvent_mailbox_overflows_total": "0+1x10"},
        "10 messages met a full mailbox within a quarter of an hour (vps:9327).",
        {"solvent_mailbox_overflows_total": 5},
        lead_s=600,
    ),
    Case(
        "SolventJournalRefuses",
        {"solvent_journal_refusing": 1},
        "Nothing can be recorded, so nothing is done (solvent_journal_refusing is 1, vps:9327).",
        {"solvent_journal_refusing": 0},
    ),
    Case(
        "SolventJournalLagging",
        {"solvent_journal_oldest_wait_seconds": 7.5},
        "The oldest events that are not durable have waited for 7.5s (vps:9327).",
        {"solvent_journal_oldest_wait_seconds": 5},
    ),
    Case(
        "SolventPublicationAway",
        {"solvent_publication_connected": 0},
        "Neither payments nor commands come in, and nothing goes out (solvent_publication_connected is 0, vps:9327).",
        {"solvent_publication_connected": 1},
    ),
    Case(
        "SolventPublicationLagging",
        {"solvent_publication_lag_events": 5_000},
        "5000 events or more have not been published for ten minutes (vps:9327).",
        # An import of payments makes a peak, and the peak goes away.
        {"solvent_publication_lag_events": "5000 5000 5000 0 5000 5000 5000 5000 5000"},
    ),
    Case(
        "SolventStreamBlocked",
        {'solvent_publication_blocked{stream="events"}': 1},
        "Nothing is published into events (solvent_publication_blocked is 1, vps:9327).",
        {'solvent_publication_blocked{stream="events"}': 0},
        {"stream": "events"},
    ),
    Case(
        "SolventMqttAway",
        {"solvent_mqtt_connected": 0},
        "Dashboards that read MQTT show what was (solvent_mqtt_connected is 0, vps:9327).",
        {"solvent_mqtt_connected": 1},
    ),
)

KEEPING_CASES: Final = (
    Case(
        "SolventNotificationsDead",
        {
            'solvent_notifications_dead_items{channel="mail"}': 1,
            'solvent_notifications_dead_items{channel="phone"}': 0,
        },
        "1 deliveries to mail are dead letters (vps:9327).",
        {'solvent_notifications_dead_items{channel="mail"}': 0},
        {"channel": "mail"},
    ),
    Case(
        "SolventNotificationsWaiting",
        {'solvent_notifications_waiting_items{channel="mail"}': 51},
        "51 deliveries to mail wait (vps:9327).",
        {'solvent_notifications_waiting_items{channel="mail"}': 50},
        {"channel": "mail"},
    ),
    Case(
        "SolventBackupMissing",
        {BUILD: 1},
        "solvent 0.2.0 knows of no whole backup (vps:9327).",
        {BUILD: 1, "solvent_backup_last_success_timestamp_seconds": 5},
        {"version": "0.2.0", "journal_id": "j"},
    ),
    Case(
        "SolventBackupStale",
        {"solvent_backup_age_seconds": 100_000},
        "The newest whole backup is 1d 3h 46m 40s old (vps:9327).",
        {"solvent_backup_age_seconds": 93_600},
    ),
    Case(
        "SolventBackupFailing",
        {"solvent_backup_failing": 1},
        "What was tried after the newest whole backup failed (solvent_backup_failing is 1, vps:9327).",
        {"solvent_backup_failing": 0},
    ),
    Case(
        "SolventRestoreDrillFailed",
        {"solvent_restore_drill_ok": 0},
        "The last restore drill failed (solvent_restore_drill_ok is 0, vps:9327).",
        {"solvent_restore_drill_ok": 1},
    ),
    Case(
        "SolventRestoreDrillStale",
        {"solvent_restore_drill_age_seconds": 20 * 86_400},
        "The last restore drill was 20d 0h 0m 0s ago (vps:9327).",
        {"solvent_restore_drill_age_seconds": 15 * 86_400},
    ),
    Case(
        "SolventNobodyLeads",
        {'solvent_leader{journal="shop"}': 0, 'solvent_leader{journal="till"}': 1},
        "Of the daemons of the job solvent that answer, 0 lead: nothing is decided or moved.",
        {'solvent_leader{journal="shop"}': 1, 'solvent_leader{journal="till"}': 1},
        {"job": "solvent", "journal": "shop"},
        from_daemon=False,
    ),
    Case(
        "SolventTwoLead",
        {'solvent_leader{journal="shop"}': 2, 'solvent_leader{journal="till"}': 1},
        "Of the daemons of the job solvent, 2 hold a lease on the journal: "
        "there are two copies of it that take writes.",
        {'solvent_leader{journal="shop"}': 1, 'solvent_leader{journal="till"}': 1},
        {"job": "solvent", "journal": "shop"},
        from_daemon=False,
    ),
    Case(
        "SolventStandbyMissing",
        {"solvent_lease_standbys_items": "1 0+0x60"},
        "The leader of the job solvent hears of 0 standbys: when its machine dies, nobody takes over.",
        {"solvent_lease_standbys_items": 0},
        {"job": "solvent"},
        lead_s=120,
        from_daemon=False,
    ),
    Case(
        "SolventStandbyLagging",
        {"solvent_standby_lag_events": 1001},
        "The standby has not folded 1001 durable events (vps:9327).",
        {"solvent_standby_lag_events": 1000},
    ),
)

"""The stable `event` names of the log, with their meaning; `docs/logs.md` lists them all."""

from __future__ import annotations

import re
from typing import Final, get_args

from machines import events
from machines.events import Event

_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")

FROZEN: Final = "frozen"
THAWED: Final = "thawed"

EVENT_NAMES: Final = {
    kind: _WORD_START.sub("_", kind.__name__).lower() for kind in get_args(Event) if kind is not events.FreezeChanged
}
"""What the journal holds is logged under its own name, in snake case; a freeze has two."""

OTHER_NAMES: Final = {
    FROZEN: "a reason to change nothing appeared (`key`)",
    THAWED: "such a reason went away",
    "publication_away": "the outgoing streams cannot be reached; said once until they are back",
    "publication_resumed": "they are reached again",
    "publication_replaced": "what was published has gone; it is published anew as far as streams keep it",
    "stream_blocked": "an outgoing stream holds what is not ours; nothing is published there",
    "stream_unblocked": "it is ours again",
    "task_restarting": "an actor or a root task failed and is rebuilt",
    "task_parked": "it failed too often and waits for an operator",
    "task_resumed": "an operator let it go on",
    "task_failed": "a task ended with an error that nobody awaited",
    "task_abandoned": "a task outlived its cancellation in a stop",
    "http_listening": "`/metrics`, `/healthz` and `/readyz` are served at `url`",
    "receiving_listening": "posts of sources are taken at `url`",
    "source_failed": "a source gave no whole answer (`source`, `reason`): unknown, asked again; said once a reason",
    "source_works": "it answers whole again",
    "post_refused": "a post to a source was not taken (`source`, `status`, `reason`); said once a reason",
    "audit_finding": "the journal shows what must never be (`invariant`, `at`); decisions freeze",
    "audit_skipped": "no audit now (`reason`): the journal's beginning is gone, or it refuses, and is soon asked again",
    "look_failed": "a component cannot be looked at (`component`, `reason`), so nothing moves it; said once a reason",
    "look_works": "it can be looked at again",
    "kind_unlisted": "the resources of a kind cannot be listed (`kind`, `reason`): its orphans are unknown; said once",
    "orphans_too_many": "`known_max` orphans are known, further ones are not told: see that the tags are right",
    "mqtt_away": "the MQTT broker cannot be reached, or refuses us (`reason`); said once until it is back",
    "mqtt_resumed": "it is reached again, and everything was sent anew",
    "dial_not_reached": "a dial's key or the journal could not be reached (`reason`); it is tried again",
    "costs_not_recorded": "what was accrued or billed could not be recorded; it is tried again",
    "bill_not_read": "a provider's bill could not be read or used (`reader`, `reason`); it is tried again",
    "bill_names_nothing": "a bill names no component (`reader`): see to the cost allocation tags, the pods' labels",
    "price_old": "a component's price is older than the plan allows (`component`, `age_days`); said once",
    "set_up_warning": "something about the installation that the operator should know",
    "preflight_failed": "what the plan uses cannot be reached (`kind`, `components`, `reason`); the daemon runs",
    "commands_away": "operators' commands cannot be read (`streams`, `reason`); said once a reason until they are",
    "embedded_redis_restarted": "the embedded Redis had ended and serves again, with what its file held (`times`)",
    "embedded_redis_failed": "it cannot be started again (`reason`); tried again, at most a minute apart",
    "daemon_ready": "it serves: plan, mode, and where Redis and the endpoints are",
    "lines_suppressed": "so many `lines` like one that was written (`of`, `subject`) were left out in `window_s`",
    "daemon_stopping": "it was told to stop, or cannot go on; what is under way is ended or left to the next start",
    "daemon_stopped": "it has stopped in order",
    "journal_refuses": "the journal takes nothing (`reason`), as with a full disk; nothing is done until it does",
    "journal_takes": "it takes events again",
    "journal_lost": "the journal was damaged or taken away under the daemon (`reason`); nothing more is done, it ends",
    "snapshot_refused": "the state could not be kept as a snapshot (`reason`): a start reads more events until it can",
    "standing_by": "it waits for the lead; said once for each `leader` (empty while nobody leads), with its `fencing`",
    "lead_taken": "it leads now with the token `fencing`; so many events were folded already (`folded_sequence`)",
    "takeover_failed": "it took the lead and could not use it (`reason`); it gives it back, and asks in `again_in_s`",
    "lead_failed": "it led and could not go on (`reason`); it gives the lead back, stands by, and asks in `again_in_s`",
    "lead_lost": "it leads no longer (`reason`) and ends; nothing is written any more",
    "lead_handed_over": "it gave the lead back after its last write; `wanted` names who was to have it, if anybody",
    "lease_away": "the store of the lease does not answer (`reason`); said once until it does",
    "lease_answers_again": "it answers again",
    "standby_cannot_read": "the journal cannot be followed (`reason`), so this standby asks for no lead",
    "plan_differs": "a standby's plan file is not the plan in the journal (`reason`): it would lead frozen",
    "plan_agrees": "it is again",
    "standby_began_anew": "the journal does not go on from what was folded, as after a fail-over; it is read anew",
    "library_message": "a library logged something by itself",
}


def name_of(event: Event) -> str:
    """The log's name of a journal's event."""
    if isinstance(event, events.FreezeChanged):
        return FROZEN if event.frozen else THAWED
    return EVENT_NAMES[type(event)]

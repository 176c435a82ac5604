"""What stands on the retained topics of an instance.

Payloads are JSON objects, of the same fields as the hashes of Redis where one says the same; unknown is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config.instants import instant_text
from daemon.publication.figures import revenue_figures
from daemon.publication.hashes import component_fields, level_fields, revenue_fields, status_fields
from daemon.publication.sensors import component_sensor, instance_sensors, share_sensor
from daemon.publication.topics import Topics
from machines.lifecycle_states import ComponentState
from machines.ports.journal import JournalIdentity
from machines.state.whole import State

_RUN_RATE: Final = ("currency", "committed_cost", "cap", "cost_ratio")
_STATUS: Final = (
    "instance",
    "plan",
    "plan_fingerprint",
    "mode",
    "frozen",
    "frozen_by",
    "paused",
    "paused_reason",
    "breakers_open",
    "actors_parked",
    "approvals_waiting",
    "level_held",
    "thresholds",
    "attested",
)
"""Those of the hash that change when something happened, not with every event."""
_ENCODER: Final = msgspec.json.Encoder()


def component_topics(topics: Topics, state: State, component_id: str, target: ComponentState | None) -> dict[str, str]:
    """A component's topics with their payloads; {} for one that no plan knows any more."""
    fields = component_fields(state, component_id, target)
    if not fields:
        return {}
    shown: dict[str, Any] = _with_null(fields)
    stand = state.dials.get(component_id)
    if stand is not None:
        shown["dial"] = {
            "share_percent": stand.position.share_percent,
            "wished_percent": stand.wished_percent,
            "turned_at": instant_text(stand.position.turned_at),
            "reasons": "; ".join(stand.reasons),
        }
    topic = topics.state_of(component_id)
    found = {topic: _json(shown)}
    if topics.discovery_prefix:
        model = _model(state)
        found |= component_sensor(topics, model, component_id)
        if stand is not None:
            found |= share_sensor(topics, model, component_id)
    return found


def instance_topics(topics: Topics, state: State, identity: JournalIdentity) -> dict[str, str]:
    """The topics of the instance as a whole, without its availability."""
    figures = revenue_figures(state)
    revenue = revenue_fields(state, figures)
    status = status_fields(state, identity, {}, figures)
    found = {
        f"{topics.root}/level": _json(_with_null(level_fields(state))),
        f"{topics.root}/mrr": _json(_with_null(revenue)),
        f"{topics.root}/run_rate": _json(_with_null({name: status[name] for name in _RUN_RATE})),
        f"{topics.root}/status": _json(_with_null({name: status[name] for name in _STATUS})),
    }
    if topics.discovery_prefix:
        found |= instance_sensors(topics, _model(state), status["currency"])
    return found


def _model(state: State) -> str:
    return "" if state.plan is None else state.plan.name


def _with_null(fields: Mapping[str, str]) -> dict[str, str | None]:
    return {name: value or None for name, value in fields.items()}


def _json(value: Mapping[str, Any]) -> str:
    return _ENCODER.encode(value).decode()

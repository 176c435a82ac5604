"""The retained topics of an instance on an MQTT broker, and what stands there. `docs/mqtt.md` lists them.

Payloads are JSON objects, of the same fields as the hashes of Redis where one says the same; unknown is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from config.instants import instant_text
from daemon.publication.figures import revenue_figures
from daemon.publication.hashes import component_fields, level_fields, revenue_fields, status_fields
from machines.lifecycle_states import ComponentState
from machines.ports.journal import JournalIdentity
from machines.state.whole import State

ONLINE: Final = "online"
OFFLINE: Final = "offline"
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
_COMPONENT: Final = "component-"
_SHARE: Final = "share-"
_ENCODER: Final = msgspec.json.Encoder()
INSTANCES_REMEMBERED: Final = 4
"""Instances whose sensors are kept: a process has one."""
COMPONENTS_REMEMBERED: Final = 256
"""Components whose sensors are kept, at some 700 bytes each; a larger plan's are made anew."""


class Topics(msgspec.Struct, frozen=True):
    """Where an instance publishes. Component ids have no hyphen and no slash, so that names can be taken apart."""

    prefix: str
    discovery_prefix: str
    """"" announces nothing."""
    instance: str
    version: str

    @property
    def root(self) -> str:
        """What every topic of the instance begins with."""
        return f"{self.prefix}/{self.instance}"

    @property
    def node(self) -> str:
        """The instance's name in discovery topics and unique ids."""
        return f"solvent_{self.instance}"

    @property
    def availability(self) -> str:
        """Whether the daemon is there: `online`, or `offline` by itself or by the broker's hand."""
        return f"{self.root}/availability"

    @property
    def watched(self) -> tuple[str, ...]:
        """The filters under which topics of components can be out of date."""
        found = [self.state_of("+")]
        if self.discovery_prefix:
            found.append(self.config_of("+"))
        return tuple(found)

    def state_of(self, component_id: str) -> str:
        """A component's own topic."""
        return f"{self.root}/component/{component_id}/state"

    def config_of(self, name: str) -> str:
        """A sensor's discovery topic."""
        return f"{self.discovery_prefix}/sensor/{self.node}/{name}/config"

    def is_stray(self, topic: str, state: State) -> bool:
        """Whether a topic under those watched tells of what is no more."""
        before, after = self.state_of("+").split("+")
        if topic.startswith(before) and topic.endswith(after):
            return state.component(topic[len(before) : -len(after)]) is None
        before, after = self.config_of("+").split("+")
        if not (self.discovery_prefix and topic.startswith(before) and topic.endswith(after)):
            return False
        name = topic[len(before) : -len(after)]
        if name.startswith(_SHARE):
            return name.removeprefix(_SHARE) not in state.dials
        if name.startswith(_COMPONENT):
            return state.component(name.removeprefix(_COMPONENT)) is None
        return name not in _SENSORS


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
        found |= _component_sensor(topics, model, component_id)
        if stand is not None:
            found |= _share_sensor(topics, model, component_id)
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
        found |= _instance_sensors(topics, _model(state), status["currency"])
    return found


_SENSORS: Final = {
    "level": ("level", "level", False),
    "mrr": ("MRR", "mrr", True),
    "run_rate": ("run rate", "committed_cost", True),
}
"""By topic: its name for people, the field shown, whether that is money."""


# --- sensors as Home Assistant discovers them: they change with the plan alone, and are asked for with every event ---


@lru_cache(maxsize=INSTANCES_REMEMBERED)
def _instance_sensors(topics: Topics, model: str, currency: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, (label, value, is_money) in _SENSORS.items():
        own = {
            "state_topic": f"{topics.root}/{name}",
            "json_attributes_topic": f"{topics.root}/{name}",
            "value_template": f"{{{{ value_json.{value} }}}}",
        }
        money = {"device_class": "monetary", "unit_of_measurement": currency} if is_money else {}
        found[topics.config_of(name)] = _config(topics, model, name, label, {**own, **money})
    return found


@lru_cache(maxsize=COMPONENTS_REMEMBERED)
def _component_sensor(topics: Topics, model: str, component_id: str) -> Mapping[str, str]:
    name, topic = f"{_COMPONENT}{component_id}", topics.state_of(component_id)
    own = {"state_topic": topic, "json_attributes_topic": topic, "value_template": "{{ value_json.state }}"}
    options = {"device_class": "enum", "options": [each.value for each in ComponentState]}
    return {topics.config_of(name): _config(topics, model, name, component_id, {**own, **options})}


@lru_cache(maxsize=COMPONENTS_REMEMBERED)
def _share_sensor(topics: Topics, model: str, component_id: str) -> Mapping[str, str]:
    name, topic = f"{_SHARE}{component_id}", topics.state_of(component_id)
    own = {"state_topic": topic, "value_template": "{{ value_json.dial.share_percent }}", "unit_of_measurement": "%"}
    return {topics.config_of(name): _config(topics, model, name, f"{component_id} share", own)}


def _model(state: State) -> str:
    return "" if state.plan is None else state.plan.name


def _config(topics: Topics, model: str, name: str, label: str, own: Mapping[str, Any]) -> str:
    """One sensor's discovery."""
    return _json(
        {
            "name": label,
            "unique_id": f"{topics.node}_{name}",
            **own,
            "availability_topic": topics.availability,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "qos": 1,
            "device": {
                "identifiers": [topics.node],
                "name": f"solvent {topics.instance}",
                "manufacturer": "solvent",
                "model": model,
                "sw_version": topics.version,
            },
            "origin": {"name": "solvent", "sw_version": topics.version},
        }
    )


def _with_null(fields: Mapping[str, str]) -> dict[str, str | None]:
    return {name: value or None for name, value in fields.items()}


def _json(value: Mapping[str, Any]) -> str:
    return _ENCODER.encode(value).decode()

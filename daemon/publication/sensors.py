"""The sensors of an instance as Home Assistant discovers them.

They change with the plan alone and are asked for with every event: so they are remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from daemon.publication.topics import COMPONENT, OFFLINE, ONLINE, SENSORS, SHARE, Topics
from machines.lifecycle_states import ComponentState

INSTANCES_REMEMBERED: Final = 4
"""Instances whose sensors are kept: a process has one."""
COMPONENTS_REMEMBERED: Final = 256
"""Components whose sensors are kept, at some 700 bytes each; a larger plan's are made anew."""
_ENCODER: Final = msgspec.json.Encoder()


@lru_cache(maxsize=INSTANCES_REMEMBERED)
def instance_sensors(topics: Topics, model: str, currency: str) -> Mapping[str, str]:
    """Those of the instance as a whole, by topic; `model` is the plan's name, `currency` the plan's."""
    found: dict[str, str] = {}
    for name, (label, value, is_money) in SENSORS.items():
        own = {
            "state_topic": f"{topics.root}/{name}",
            "json_attributes_topic": f"{topics.root}/{name}",
            "value_template": f"{{{{ value_json.{value} }}}}",
        }
        money = {"device_class": "monetary", "unit_of_measurement": currency} if is_money else {}
        found[topics.config_of(name)] = _config(topics, model, name, label, {**own, **money})
    return found


@lru_cache(maxsize=COMPONENTS_REMEMBERED)
def component_sensor(topics: Topics, model: str, component_id: str) -> Mapping[str, str]:
    """That of a component's state."""
    name, topic = f"{COMPONENT}{component_id}", topics.state_of(component_id)
    own = {"state_topic": topic, "json_attributes_topic": topic, "value_template": "{{ value_json.state }}"}
    options = {"device_class": "enum", "options": [each.value for each in ComponentState]}
    return {topics.config_of(name): _config(topics, model, name, component_id, {**own, **options})}


@lru_cache(maxsize=COMPONENTS_REMEMBERED)
def share_sensor(topics: Topics, model: str, component_id: str) -> Mapping[str, str]:
    """That of the share that a dial lets through."""
    name, topic = f"{SHARE}{component_id}", topics.state_of(component_id)
    own = {"state_topic": topic, "value_template": "{{ value_json.dial.share_percent }}", "unit_of_measurement": "%"}
    return {topics.config_of(name): _config(topics, model, name, f"{component_id} share", own)}


def _config(topics: Topics, model: str, name: str, label: str, own: Mapping[str, Any]) -> str:
    """One sensor's discovery."""
    return _ENCODER.encode(
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
    ).decode()

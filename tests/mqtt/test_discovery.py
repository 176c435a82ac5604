"""What Home Assistant is told: each announcement is one that it takes, about a payload that has what it names."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from config.loading import plan_from_text
from daemon.publication.retained import component_topics, instance_topics
from daemon.publication.topics import Topics
from machines import events
from machines.dialing import Rule
from machines.events import DialTurned, Event, Mode, Recorded
from machines.lifecycle_states import ComponentState
from machines.ports.journal import JournalIdentity
from machines.state.whole import State, fold
from tests.dials.dial_table import PLAN, START, hot

TOPICS = Topics("solvent", "homeassistant", "shop", "0.1.0")
CONFIG = re.compile(r"homeassistant/sensor/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config")
"""As its documentation has it: <discovery_prefix>/<component>/[<node_id>/]<object_id>/config."""
TEMPLATE = re.compile(r"\{\{ value_json((?:\.[a-z_]+)+) \}\}")
KEYS = {
    "name",
    "unique_id",
    "state_topic",
    "value_template",
    "json_attributes_topic",
    "device_class",
    "options",
    "unit_of_measurement",
    "availability_topic",
    "payload_available",
    "payload_not_available",
    "qos",
    "device",
    "origin",
}
"""Those of an MQTT sensor that are used here; an unknown one would have the announcement refused."""


def published(*more: Event) -> dict[str, Any]:
    """Every topic of the shop, its dial turned, with its payload."""
    state = State()
    plan = plan_from_text(PLAN, "shop.yaml")
    turned = DialTurned("llm_share", 90, 100, START, (Rule.LOW_MARGIN,), ("because",))
    told = (events.Started("shop", "0", Mode.ACT), events.PlanAdopted(plan, "f"), *hot("llm_share"), turned, *more)
    for number, event in enumerate(told, 1):
        fold(state, Recorded(number, START, START, "test", None, event))
    found = instance_topics(TOPICS, state, JournalIdentity("j", 1))
    for component_id in plan.components:
        found |= component_topics(TOPICS, state, component_id, ComponentState.HOT)
    return {topic: msgspec.json.decode(text) for topic, text in found.items()}


def configs() -> dict[str, Any]:
    """The announcements alone."""
    return {topic: shown for topic, shown in published().items() if topic.startswith("homeassistant/")}


def test_each_sensor_is_announced() -> None:
    """Each component, each dial's share, the level, the revenue and the run rate."""
    assert {
        "component-llm_share",
        "share-llm_share",
        "component-model",
        "level",
        "mrr",
        "run_rate",
    } == {topic.split("/")[3] for topic in configs()}


def test_topics_and_keys_are_those_of_the_documentation() -> None:
    """No other character in a name, no other key in a payload; unique ids are unique, the device is one."""
    found = configs()

    assert [] == [topic for topic in found if not CONFIG.fullmatch(topic)]
    assert [] == [key for shown in found.values() for key in shown.keys() - KEYS]
    assert len(found) == len({shown["unique_id"] for shown in found.values()})
    assert {"solvent_shop"} == {shown["device"]["identifiers"][0] for shown in found.values()}


def test_each_template_names_what_stands_on_its_topic() -> None:
    """A sensor shows a field of the payload that is published there."""
    topics = published()
    for shown in configs().values():
        match = TEMPLATE.fullmatch(shown["value_template"])
        assert match is not None
        value = topics[shown["state_topic"]]
        for part in match[1].split(".")[1:]:
            assert part in value
            value = value[part]


def test_a_state_is_one_of_six() -> None:
    """An enumeration has all of its options, and neither a unit nor a class of another kind."""
    shown = configs()["homeassistant/sensor/solvent_shop/component-model/config"]

    assert ("enum", [each.value for each in ComponentState]) == (shown["device_class"], shown["options"])
    assert "unit_of_measurement" not in shown


def test_money_has_its_currency() -> None:
    """As a monetary value in the plan's currency."""
    for name in ("mrr", "run_rate"):
        shown = configs()[f"homeassistant/sensor/solvent_shop/{name}/config"]

        assert ("monetary", "EUR") == (shown["device_class"], shown["unit_of_measurement"])


def test_another_plan_is_announced_anew() -> None:
    """What is remembered of the sensors is of one plan's name and currency."""
    named = msgspec.structs.replace(plan_from_text(PLAN, "shop.yaml"), name="Another", currency="USD")
    found = published(events.PlanAdopted(named, "g"))
    sensors = {topic: shown for topic, shown in found.items() if topic.startswith("homeassistant/")}

    assert {"Another"} == {shown["device"]["model"] for shown in sensors.values()}
    assert "Another" not in {shown["device"]["model"] for shown in configs().values()}
    assert "USD" == sensors["homeassistant/sensor/solvent_shop/mrr/config"]["unit_of_measurement"]


def test_availability_is_that_of_the_daemon() -> None:
    """Every sensor is unavailable while the daemon is."""
    for shown in configs().values():
        assert ("solvent/shop/availability", "online", "offline") == (
            shown["availability_topic"],
            shown["payload_available"],
            shown["payload_not_available"],
        )


def test_topics_that_stand_are_no_strays() -> None:
    """Of what is published nothing is taken for a remnant, and a remnant is for one."""
    state = State(plan=plan_from_text(PLAN, "shop.yaml"))
    fold(state, Recorded(1, START, START, "test", None, DialTurned("llm_share", 1, 1, START)))
    watched = [topic for topic in published() if "/component/" in topic or topic.startswith("homeassistant/")]

    assert [] == [topic for topic in watched if TOPICS.is_stray(topic, state)]
    for topic in (
        "solvent/shop/component/gone/state",
        "homeassistant/sensor/solvent_shop/component-gone/config",
        "homeassistant/sensor/solvent_shop/share-model/config",
        "homeassistant/sensor/solvent_shop/of_another_version/config",
    ):
        assert TOPICS.is_stray(topic, state)
    assert not TOPICS.is_stray("homeassistant/sensor/other/config", state)

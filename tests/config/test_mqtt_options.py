"""The options of a component behind an agent, as a plan states them."""

from __future__ import annotations

import msgspec
import pytest

from config.errors import ReadingError
from config.loading import plan_from_text
from config.provisioner_options.mqtt import BrokerAddress, MqttOptions, broker_address, mqtt_options
from tests.config.plan_text import changed, problems_of

SIMULATED = "    provisioner: simulated\n    options: {warm_s: 2, faults: {warm: [transient, 3]}}\n"
LEAST = "broker: 'mqtt://broker.example', agent: greenhouse"


def with_options(text: str) -> str:
    """The small plan, its database behind an agent."""
    return changed(SIMULATED, f"    provisioner: mqtt\n    options: {{{text}}}\n")


def test_defaults_are_written_out() -> None:
    """The agent behind the broker is the failure domain."""
    component = plan_from_text(with_options(LEAST), "plan.yaml").components["database"]

    assert component.options == {
        "broker": "mqtt://broker.example",
        "agent": "greenhouse",
        "topic_prefix": "solvent",
        "password_env": None,
        "ca_file": None,
        "cert_file": None,
        "key_file": None,
        "answer_timeout_s": 30,
        "settings": {},
    }
    assert "broker.example/greenhouse" == component.provider


def test_all_options_are_read() -> None:
    """Settings keep their kinds of values."""
    text = (
        "broker: 'mqtts://solvent@broker.example:8884', agent: greenhouse-2, topic_prefix: site/a, "
        "password_env: BROKER_PASSWORD, ca_file: /etc/ca.pem, cert_file: /etc/c.pem, key_file: /etc/c.key, "
        "answer_timeout_s: 60, settings: {beds: 4, heated: true, kinds: [tomato, leek]}"
    )
    plan = plan_from_text(with_options(text), "plan.yaml")

    assert mqtt_options(plan.components["database"].options) == MqttOptions(
        broker="mqtts://solvent@broker.example:8884",
        agent="greenhouse-2",
        topic_prefix="site/a",
        password_env="BROKER_PASSWORD",
        ca_file="/etc/ca.pem",
        cert_file="/etc/c.pem",
        key_file="/etc/c.key",
        answer_timeout_s=60,
        settings={"beds": 4, "heated": True, "kinds": ["tomato", "leek"]},
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("mqtt://h", BrokerAddress("h", 1883, None, tls=False)),
        ("mqtts://h/", BrokerAddress("h", 8883, None, tls=True)),
        ("mqtt://me@h:1", BrokerAddress("h", 1, "me", tls=False)),
        ("mqtts://me@[::1]:65535", BrokerAddress("::1", 65_535, "me", tls=True)),
    ],
)
def test_an_address_has_its_parts(text: str, parts: BrokerAddress) -> None:
    """The port is the protocol's own where none is stated."""
    assert parts == broker_address(text)


@pytest.mark.parametrize(
    "text",
    ["h", "http://h", "mqtt://", "mqtt://h:0", "mqtt://h:65536", "mqtt://me:secret@h", "mqtt://h/topic", "mqtt://a b"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """And a password in it is not shown."""
    with pytest.raises(ReadingError) as error:
        broker_address(text)

    assert "a broker such as mqtts://" in error.value.expected
    assert "secret" not in error.value.found


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("agent: greenhouse", "broker", "a broker such as mqtts://"),
        ("broker: 'mqtt://h'", "agent", "an agent's name such as greenhouse"),
        ("broker: 'mqtt://me:secret@h', agent: a", "broker", "found 'mqtt://…@h'"),
        (f"{LEAST}, topic_prefix: a/#", "topic_prefix", "levels of a topic such as solvent or site/a"),
        (f"{LEAST}, password_env: A B", "password_env", "the name of an environment variable"),
        (f"{LEAST}, password_env: SECRET", "password_env", "a user in broker, such as mqtt://solvent@host"),
        (f"{LEAST}, ca_file: /ca.pem", "broker", "mqtts:// where ca_file or cert_file is named"),
        (f"{LEAST}, ca_file: ca.pem", "ca_file", "an absolute path"),
        ("broker: 'mqtts://h', agent: a, cert_file: /c.pem", "key_file", "cert_file and key_file together"),
        ("broker: 'mqtts://h', agent: a, key_file: /c.key", "cert_file", "cert_file and key_file together"),
        (f"{LEAST}, answer_timeout_s: 0", "answer_timeout_s", "seconds from 1 to 3600"),
        (f"{LEAST}, agnet: b", "agnet", "did you mean 'agent'?"),
    ],
)
def test_a_mistake_is_named(text: str, key: str, expected: str) -> None:
    """Each where it stands, with what was expected."""
    found = problems_of(with_options(text))

    assert any(f"components.database.options.{key}" in each.text and expected in each.text for each in found), found
    assert "secret" not in str(found)


@pytest.mark.parametrize("options", [{}, {"broker": "mqtt://h", "agent": "a", "no_such_option": 1}])
def test_options_of_another_kind_are_refused(options: dict[str, object]) -> None:
    """What no plan can have stated is an error."""
    with pytest.raises(msgspec.ValidationError):
        mqtt_options(options)

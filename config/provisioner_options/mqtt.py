"""Options of a component that an agent behind an MQTT broker moves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.provisioner_options.options_kind import Context, OptionsKind
from config.provisioner_options.plain import plain_value
from config.reading import Fields, entries_of

ANSWER_TIMEOUT_DEFAULT_S: Final = 30
ANSWER_TIMEOUT_MAX_S: Final = 3_600
TOPIC_PREFIX_DEFAULT: Final = "solvent"
_BROKER: Final = re.compile(
    r"(?P<scheme>mqtts?)://(?:(?P<user>[^\s:@/?#]{1,128})@)?"
    r"(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?/?",
    re.ASCII,
)
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
BROKER_EXPECTED: Final = (
    "a broker such as mqtts://solvent@broker.example:8883, without a password: name its variable in password_env"
)
_PATH: Final = values.matching(r"/[^\x00-\x1f]{0,1023}", "an absolute path")


class BrokerAddress(msgspec.Struct, frozen=True):
    """The parts of a broker's URL."""

    host: str
    port: int
    user: str | None
    tls: bool


class MqttOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which agent moves the component, and how it is reached."""

    broker: str
    """`mqtt://user@host:1883` or, with TLS, `mqtts://user@host:8883`; never with a password."""
    agent: str
    """The agent's name: a level of its topics."""
    topic_prefix: str = TOPIC_PREFIX_DEFAULT
    """The first level or levels of all topics."""
    password_env: str | None = None
    """The variable of the daemon's environment that holds the broker's password."""
    ca_file: str | None = None
    """Which authorities may have signed the broker's certificate; None for those of the system."""
    cert_file: str | None = None
    """The daemon's own certificate, where the broker asks for one."""
    key_file: str | None = None
    """The key of `cert_file`."""
    answer_timeout_s: int = ANSWER_TIMEOUT_DEFAULT_S
    """How long to wait for the agent's answer; what is not answered by then is ambiguous. Half a minute: an agent with
    more to do answers `begun`."""
    settings: dict[str, Any] = {}
    """Handed to the agent as it stands."""


def mqtt_options(options: Mapping[str, Any]) -> MqttOptions:
    """The options of a loaded plan's `mqtt` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), MqttOptions)


def broker_address(text: str) -> BrokerAddress:
    """The parts of a broker's URL; raises `ReadingError`."""
    found = _BROKER.fullmatch(text)
    port = int(found["port"] or _PORTS[found["scheme"]]) if found else 0
    if found is None or not 0 < port < 65_536:
        # A mistaken URL may hold a password, and this text is shown and logged.
        raise ReadingError(BROKER_EXPECTED, shown(re.sub(r"//.*@", "//…@", text)))
    return BrokerAddress(found["host"].strip("[]"), port, found["user"], found["scheme"] == "mqtts")


def _broker(text: str) -> str:
    broker_address(text)
    return text


def _read(fields: Fields, context: Context) -> MqttOptions:
    del context
    variable = values.matching(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "the name of an environment variable")
    read = MqttOptions(
        broker=fields.required("broker", _broker) or "",
        agent=fields.required("agent", values.matching(r"[A-Za-z0-9._-]{1,64}", "an agent's name such as greenhouse"))
        or "",
        topic_prefix=fields.optional(
            "topic_prefix",
            values.matching(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,7}", "levels of a topic such as solvent or site/a"),
            TOPIC_PREFIX_DEFAULT,
        ),
        password_env=fields.optional("password_env", variable, None),
        ca_file=fields.optional("ca_file", _PATH, None),
        cert_file=fields.optional("cert_file", _PATH, None),
        key_file=fields.optional("key_file", _PATH, None),
        answer_timeout_s=fields.optional(
            "answer_timeout_s", values.integer(1, ANSWER_TIMEOUT_MAX_S, "seconds"), ANSWER_TIMEOUT_DEFAULT_S
        ),
        settings={key: plain_value(node) for key, node in entries_of(fields.mapping("settings"))},
    )
    _check_together(read, fields)
    return read


def _check_together(read: MqttOptions, fields: Fields) -> None:
    """What each key by itself cannot say."""
    report = fields.collector.report
    if (read.cert_file is None) is not (read.key_file is None):
        missing = "key_file" if read.key_file is None else "cert_file"
        report(fields.place_of(missing), "cert_file and key_file together", f"no {missing}")
    if not read.broker:
        return
    address = broker_address(read.broker)
    if not address.tls and (read.ca_file or read.cert_file):
        report(fields.place_of("broker"), "mqtts:// where ca_file or cert_file is named", shown(read.broker))
    if address.user is None and read.password_env is not None:
        report(fields.place_of("password_env"), "a user in broker, such as mqtt://solvent@host", "none")


def _provider(options: MqttOptions) -> str:
    """One agent behind one broker fails by itself."""
    return f"{broker_address(options.broker).host}/{options.agent}" if options.broker else ""


KIND: Final = OptionsKind(_read, _provider, place=("broker", "agent", "topic_prefix"))

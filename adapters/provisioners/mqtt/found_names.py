"""The name of a listed resource: a URL that says by itself at which agent it is, for whoever removes it later.

`mqtts://user@host:8883/<topic prefix>/agents/<agent>/<plan>/<name>?password_env=…&ca_file=…`
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

from config.errors import ReadingError
from config.provisioner_options.mqtt import MqttOptions, broker_address
from machines.ports.faults import Permanent

_ACCESS: Final = ("password_env", "ca_file", "cert_file", "key_file", "answer_timeout_s")
_AGENTS: Final = "/agents/"


def found_name(options: MqttOptions, plan: str, name: str) -> str:
    """The name under which a resource is listed. It names the password's variable, never the password."""
    access = {key: value for key in _ACCESS if (value := getattr(options, key)) is not None}
    path = f"{options.topic_prefix}{_AGENTS}{options.agent}/{quote(plan, safe='')}/{quote(name, safe='')}"
    return f"{options.broker.rstrip('/')}/{path}?{urlencode(access)}"


def read_found_name(found: str) -> tuple[MqttOptions, str, str]:
    """How the agent is reached, the plan, and the agent's own name; raises `Permanent` for any other text."""
    parts = urlsplit(found)
    try:
        prefix, rest = parts.path.lstrip("/").rsplit(_AGENTS, 1)
        agent, plan, name = rest.split("/")
        written = {"broker": f"{parts.scheme}://{parts.netloc}", "agent": agent, "topic_prefix": prefix}
        broker_address(written["broker"])
        # Not strict: a number in a URL is text.
        options = msgspec.convert({**written, **dict(parse_qsl(parts.query))}, MqttOptions, strict=False)
    except (ValueError, ReadingError) as error:
        raise Permanent(f"{found} is no resource of an MQTT agent: expected a name that a list gave") from error
    return options, unquote(plan), unquote(name)

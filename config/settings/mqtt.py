"""The daemon's state on an MQTT broker."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from config.settings.values import Seconds

_LEVELS: Final = r"[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64}){0,7}"
_LEVELS_WORDS: Final = "levels of a topic such as solvent or site/a"


class MqttSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The daemon's state on an MQTT broker, beside Redis."""

    url: Annotated[str, Meta(max_length=1_024)] = ""
    """`mqtt://user@host:1883` or, with TLS, `mqtts://user@host:8883`; never with a password. Empty: nothing."""
    password_env: Annotated[
        str, Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,127})?\Z", description="the name of a variable")
    ] = ""
    """The variable of the daemon's environment that holds the user's password."""
    ca_file: Annotated[str, Meta(max_length=1_024)] = ""
    """The authorities that may have signed the broker's certificate; empty for those of the system."""
    cert_file: Annotated[str, Meta(max_length=1_024)] = ""
    """The daemon's own certificate, where the broker asks for one."""
    key_file: Annotated[str, Meta(max_length=1_024)] = ""
    """The key of `cert_file`."""
    topic_prefix: Annotated[str, Meta(pattern=rf"^{_LEVELS}\Z", description=_LEVELS_WORDS)] = "solvent"
    """The first level or levels of all topics; the instance's name follows."""
    discovery_prefix: Annotated[str, Meta(pattern=rf"^({_LEVELS})?\Z", description=_LEVELS_WORDS)] = "homeassistant"
    """Where Home Assistant looks for devices; empty announces nothing."""
    keepalive_s: Annotated[int, Meta(ge=5, le=3_600)] = 30
    """The broker takes a daemon that was silent for one and a half times this for dead, and publishes its last will."""
    batch_messages_max: Annotated[int, Meta(ge=1, le=1_000)] = 10
    """Messages that wait for the broker's acknowledgement at once; a slow broker is not flooded."""
    gather_ms: Annotated[int, Meta(ge=1, le=60_000)] = 250
    """How long news gather: of what changes several times meanwhile only the last word is sent."""
    reconnect_initial_s: Seconds = 1
    """The first pause while the broker is away."""
    reconnect_max_s: Seconds = 60
    """The pause between attempts doubles from the first to this while the broker is away."""

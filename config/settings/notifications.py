"""Whom the daemon tells of what, and when it keeps quiet."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from config.settings.values import Count, FilePath, Seconds, SecretReference

_Time = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?\Z", description="a time of day such as 22:00")]
_Mail = Annotated[
    str, Meta(pattern=r"^[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}\Z", description="an address such as ops@example.org")
]
_WebUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/@]+(/[^\s@]*)?\Z",
        max_length=2_048,
        description="a URL such as https://hooks.example.org/solvent, without a user",
    ),
]
"""Only its outline: `config.web_address` reads it."""


class Severity(enum.Enum):
    """How much a notification matters, least first."""

    INFO = "info"
    """A decision, a level reached: good to know in the morning."""
    WARNING = "warning"
    """Somebody should look today."""
    CRITICAL = "critical"
    """Somebody should get up."""


class WebhookChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="webhook", tag_field="kind"):
    """An HTTP endpoint, signed by Standard Webhooks."""

    url: _WebUrl
    """Where notifications are posted to."""
    secret: SecretReference
    """The signing secret `whsec_…`."""
    secret_before: SecretReference = ""
    """The one before a rotation: both signatures are sent."""
    least: Severity = Severity.INFO
    """The least severity that goes here."""
    private_allowed: bool = False
    """Whether the endpoint may be on a private or loopback address: a wrong URL shall not reach what is inside."""


class MailChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="mail", tag_field="kind"):
    """E-mail over SMTP."""

    to: Annotated[tuple[_Mail, ...], Meta(min_length=1, max_length=32)]
    """Who is told."""
    sender: _Mail
    """Who says it: the address in From."""
    host: Annotated[str, Meta(min_length=1, max_length=255)]
    """The mail server."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    """587 goes with `starttls`, 465 with `tls`."""
    encryption: Annotated[str, Meta(pattern=r"^(starttls|tls|none)\Z", description="one of starttls, tls, none")] = (
        "starttls"
    )
    """`none` is for a server on this machine: a password is never sent without encryption."""
    user: Annotated[str, Meta(max_length=255)] = ""
    """The user at the server; empty for none."""
    password: SecretReference = ""
    """The user's password."""
    ca_file: FilePath = ""
    """The authorities that may have signed the server's certificate; empty for those of the system."""
    least: Severity = Severity.WARNING
    """The least severity that goes here."""


class MqttChannel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="mqtt", tag_field="kind"):
    """A topic on the broker that `mqtt.url` names: `<prefix>/<instance>/notifications`."""

    least: Severity = Severity.INFO
    """The least severity that goes here."""


ChannelSettings = WebhookChannel | MailChannel | MqttChannel


class NotificationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for all channels."""

    quiet_from: _Time = ""
    """From this time of day, in the plan's zone, what is not critical waits until `quiet_until`; empty for never."""
    quiet_until: _Time = ""
    """Where both are equal it is never quiet."""
    retry_initial_s: Seconds = 5
    """The pauses between attempts follow Standard Webhooks: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""
    attempts_max: Annotated[int, Meta(ge=1, le=100)] = 10
    """After so many, about three days, a delivery is a dead letter until somebody replays it."""
    call_timeout_s: Annotated[int, Meta(ge=1, le=120)] = 15
    """A delivery without an answer after this has failed."""
    waiting_items_max: Count = 1_000
    """Deliveries that wait; the oldest of the least severity become dead letters first; a thousand are kept."""
    rearm_ratio: Annotated[float, Meta(ge=0, le=0.5)] = 0.05
    """How far a figure must come back below its bound before a second crossing is told."""

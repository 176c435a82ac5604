"""The channels of the settings: whom notifications reach. Each kind's packages are imported where it is wished."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from typing import Final

import msgspec

from config.extras import install_hint
from config.settings import ChannelSettings, MailChannel, MqttChannel, Settings, WebhookChannel
from daemon.roots.notifications import OpenChannel
from machines.ports.channels import Channel, ChannelUnusableError
from machines.ports.clock import Clock

FINGERPRINT_CHARACTERS: Final = 16
_CANONICAL: Final = msgspec.json.Encoder(order="deterministic")


def channels_of(settings: Settings, clock: Clock, environ: Mapping[str, str]) -> tuple[OpenChannel, ...]:
    """All of them; nothing is connected yet.

    Raises `ChannelUnusableError`, for a missing package or secret too, and `BrokerUnusableError`.
    """
    return tuple(
        OpenChannel(_channel(name, each, settings, clock, environ), each.least, fingerprint_of(each, settings))
        for name, each in settings.channels.items()
    )


def fingerprint_of(channel: ChannelSettings, settings: Settings) -> str:
    """Of where it leads, without its secrets: the same for as long as the receiver is."""
    place = [channel, settings.mqtt.url if isinstance(channel, MqttChannel) else ""]
    return hashlib.sha256(_CANONICAL.encode(place)).hexdigest()[:FINGERPRINT_CHARACTERS]


def _channel(
    name: str, channel: ChannelSettings, settings: Settings, clock: Clock, environ: Mapping[str, str]
) -> Channel:
    timeout_s = settings.notifications.call_timeout_s
    try:
        if isinstance(channel, WebhookChannel):
            from adapters.channels.webhook import Webhook  # noqa: PLC0415 - an extra, imported where it is wished

            return Webhook(name, channel, clock, environ, timeout_s=timeout_s)
        if isinstance(channel, MailChannel):
            from adapters.channels.mail import Mail  # noqa: PLC0415 - as above

            return Mail(name, channel, environ, timeout_s=timeout_s)
        from adapters.channels.mqtt import mqtt_topic_of  # noqa: PLC0415 - as above

        chance = random.SystemRandom().randrange
        return mqtt_topic_of(name, settings.mqtt, settings.instance, clock, environ, chance)
    except ModuleNotFoundError as missing:
        kind = channel.__struct_config__.tag
        extra = {"webhook": "webhooks"}.get(str(kind), str(kind))
        raise ChannelUnusableError(
            f"channels.{name}: a channel of the kind {kind} needs the package {missing.name}: {install_hint(extra)}"
        ) from missing

"""A topic: each notification once, acknowledged by the broker, and not retained: who comes later reads the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import aiomqtt

from adapters.channels.body import body_of
from adapters.mqtt import Broker, Connector, client_id
from adapters.mqtt.retained import broker_of
from config.settings import MqttSettings
from machines.ports.channels import ChannelUnusableError, Message
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous

_AT_LEAST_ONCE = 1


class MqttTopic:
    """`<prefix>/<instance>/notifications`. A connection lives as long as one attempt."""

    def __init__(
        self, name: str, topic: str, broker: Broker, connector: Connector, identifier: Callable[[], str]
    ) -> None:
        """`identifier` makes a client id that no other connection has."""
        self.name = name
        self._topic = topic
        self._broker = broker
        self._connector = connector
        self._identifier = identifier

    async def deliver(self, message: Message) -> None:
        """As the port says; the broker's acknowledgement is the answer."""
        async with self._connector.connection(self._broker, self._identifier(), attempts_max=1) as client:
            try:
                await client.publish(self._topic, body_of(message), qos=_AT_LEAST_ONCE, retain=False)
            except aiomqtt.MqttError as error:
                raise Ambiguous(f"the MQTT broker {self._broker.name} broke off: {error}") from error

    async def close(self) -> None:
        """Nothing stays open between attempts."""


def mqtt_topic_of(  # noqa: PLR0917 - whose, where, and what a connection needs
    name: str,
    settings: MqttSettings,
    instance: str,
    clock: Clock,
    environ: Mapping[str, str],
    chance: Callable[[int], int],
) -> MqttTopic:
    """The channel of `[channels.NAME]`; raises `ChannelUnusableError` and `BrokerUnusableError`."""
    if not settings.url:
        raise ChannelUnusableError(
            f"channels.{name}: a channel of the kind mqtt needs the broker's address in mqtt.url"
        )
    topic = f"{settings.topic_prefix}/{instance}/notifications"
    return MqttTopic(name, topic, broker_of(settings, environ), Connector(clock), lambda: client_id(instance, chance))

"""Retained topics on an MQTT broker: the port `machines.ports.retained`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice

import aiomqtt

from adapters.mqtt.connecting import Broker, Connector, client_id
from config.provisioner_options.mqtt import broker_address
from config.settings import MqttSettings
from machines.ports.clock import Clock
from machines.ports.faults import Permanent, Transient
from machines.ports.retained import BrokerUnusableError

_AT_LEAST_ONCE = 1
_REFUSED_FROM = 128


class MqttRetainedSession:
    """One connection; every method raises `Transient` once it is lost."""

    def __init__(self, client: aiomqtt.Client, broker: Broker, batch_messages_max: int) -> None:
        self._client = client
        self._broker = broker
        self._batch_messages_max = batch_messages_max

    async def retain(self, payloads: Mapping[str, str]) -> None:
        """Make each payload its topic's last word; "" removes the topic. Returns when the broker has them all."""
        left = iter(payloads.items())
        while batch := tuple(islice(left, self._batch_messages_max)):
            async with asyncio.TaskGroup() as group:
                sent = [
                    group.create_task(self._retain(topic, payload), name=f"publish {topic}") for topic, payload in batch
                ]
            for task in sent:
                if task.result() is not None:
                    raise self._lost(task.result())

    async def found(self) -> str:
        """The next topic under those watched that is not empty."""
        try:
            async for message in self._client.messages:
                if message.payload:
                    return str(message.topic)
        except aiomqtt.MqttError as error:
            raise self._lost(error) from error
        raise AssertionError("messages end by an error only")

    async def watch(self, filters: Sequence[str]) -> None:
        """Have the broker tell what it holds there; raises `Permanent` where it does not let us read it."""
        if not filters:
            return
        try:
            granted = await self._client.subscribe([(each, _AT_LEAST_ONCE) for each in filters])
        except aiomqtt.MqttError as error:
            raise self._lost(error) from error
        _pass_cancellation_on()
        if any(getattr(code, "value", code) >= _REFUSED_FROM for code in granted):
            raise Permanent(
                f"the MQTT broker {self._broker.name} does not let {self._broker.user or 'an unnamed user'} read "
                f"{' and '.join(filters)}: expected read access, by which topics that are out of date are found"
            )

    async def _retain(self, topic: str, payload: str) -> aiomqtt.MqttError | None:
        """A broken connection is handed on as a value: a task group would wrap it."""
        try:
            await self._client.publish(topic, payload, qos=_AT_LEAST_ONCE, retain=True)
        except aiomqtt.MqttError as error:
            return error
        _pass_cancellation_on()
        return None

    def _lost(self, error: aiomqtt.MqttError | None) -> Transient:
        return Transient(f"the MQTT broker {self._broker.name} broke off: {error}")


class MqttRetainedBroker:
    """A broker that holds retained topics. Each session is a connection of its own, opened by one attempt."""

    def __init__(self, broker: Broker, settings: MqttSettings, clock: Clock, identifier: Callable[[], str]) -> None:
        """`identifier` makes a client id that no other connection has."""
        self._broker = broker
        self._settings = settings
        self._connector = Connector(clock)
        self._identifier = identifier
        self._version_known = False

    @asynccontextmanager
    async def session(self, will_topic: str, will: str, watched: Sequence[str]) -> AsyncIterator[MqttRetainedSession]:
        """A connection for the length of the block, its last will left with the broker."""
        if not self._version_known:
            # Older brokers refuse MQTT 5 in so many words, but wait for ever in a greeting with properties of a will.
            async with self._connector.connection(self._broker, self._identifier(), attempts_max=1):
                self._version_known = True
        last = aiomqtt.Will(will_topic, will, qos=_AT_LEAST_ONCE, retain=True)
        async with self._connector.connection(
            self._broker, self._identifier(), will=last, keepalive_s=self._settings.keepalive_s, attempts_max=1
        ) as client:
            client.pending_calls_threshold = self._settings.batch_messages_max + len(watched)
            session = MqttRetainedSession(client, self._broker, self._settings.batch_messages_max)
            await session.watch(watched)
            yield session


def retained_broker(
    settings: MqttSettings, instance: str, clock: Clock, chance: Callable[[int], int], environment: Mapping[str, str]
) -> MqttRetainedBroker:
    """The broker of the settings; raises `BrokerUnusableError` where its password is not there."""
    broker = broker_of(settings, environment)
    return MqttRetainedBroker(broker, settings, clock, lambda: client_id(instance, chance))


def broker_of(settings: MqttSettings, environment: Mapping[str, str]) -> Broker:
    """Where the broker of the settings is and who one is there; raises `BrokerUnusableError`."""
    address = broker_address(settings.url)
    password = None
    if settings.password_env:
        password = environment.get(settings.password_env)
        if password is None:
            raise BrokerUnusableError(
                f"mqtt.password_env: the environment variable {settings.password_env} is not set; "
                f"expected the password of {address.user} at {address.host}"
            )
    return Broker(
        address.host,
        address.port,
        address.user,
        password,
        address.tls,
        settings.ca_file or None,
        settings.cert_file or None,
        settings.key_file or None,
    )


def _pass_cancellation_on() -> None:
    """Raise the cancellation that `asyncio.wait_for`, inside the library, swallows when its answer comes as well."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError

"""The MQTT channel against real brokers, of MQTT 5 and of 3.1.1."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from adapters.channels.mqtt import MqttTopic, mqtt_topic_of
from adapters.clocks import SystemClock
from config.settings import MqttSettings
from machines.ports.channels import ChannelUnusableError, Message
from tests.contracts.channel import MESSAGE, ChannelContract, ChannelHarness, Trouble
from tests.provisioners.mqtt import brokers

TOPIC = "site/a/shop/notifications"


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[brokers.BrokerProcess]:
    """One that speaks MQTT 5 and one that speaks 3.1.1 only."""
    process = brokers.mosquitto(tmp_path) if request.param == "mosquitto" else brokers.amqtt()
    yield process
    process.stop()


def topic(port: int) -> MqttTopic:
    """A channel called home."""
    settings = MqttSettings(url=f"mqtt://127.0.0.1:{port}", topic_prefix="site/a")
    return mqtt_topic_of("home", settings, "shop", SystemClock(), {}, random.SystemRandom().randrange)


class TopicHarness(ChannelHarness):
    """A broker, and somebody who listens there."""

    troubles = frozenset({Trouble.AWAY})

    def __init__(self, broker: brokers.BrokerProcess) -> None:
        self.broker = broker
        self.heard: asyncio.Queue[paho.MQTTMessage] = asyncio.Queue()
        self.port = broker.port
        loop, subscribed = asyncio.get_running_loop(), asyncio.Event()
        self.subscribed = subscribed
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self.client.on_subscribe = lambda *_: loop.call_soon_threadsafe(subscribed.set)
        self.client.on_message = lambda _client, _data, each: loop.call_soon_threadsafe(self.heard.put_nowait, each)

    def channel(self) -> MqttTopic:
        """To it."""
        return topic(self.port)

    async def received(self, count: int) -> list[Message]:
        """What the listener hears."""
        found = []
        async with asyncio.timeout(self.patience_s):
            while len(found) < count:
                message = await self.heard.get()
                assert (TOPIC, False) == (message.topic, message.retain)
                data = msgspec.json.decode(message.payload)["data"]
                found.append(Message(**{**data, "at": MESSAGE.at}))
        return found

    def trouble(self, trouble: Trouble) -> None:
        """The broker dies."""
        assert trouble is Trouble.AWAY
        self.broker.stop()


class TestMqttContract(ChannelContract):
    """The port's contract."""

    @pytest.fixture
    async def harness(self, broker: brokers.BrokerProcess) -> AsyncIterator[TopicHarness]:
        """Of this test, its listener subscribed."""
        found = TopicHarness(broker)
        found.client.connect("127.0.0.1", broker.port)
        found.client.loop_start()
        async with asyncio.timeout(10):
            await found.subscribed.wait()
        yield found
        found.client.disconnect()
        found.client.loop_stop()


def test_without_a_broker_the_settings_are_refused_at_the_start() -> None:
    """Naming what is missing."""
    with pytest.raises(ChannelUnusableError, match=r"channels\.home: .* needs the broker's address in mqtt\.url"):
        mqtt_topic_of("home", MqttSettings(), "shop", SystemClock(), {}, random.SystemRandom().randrange)

"""Brokers for a whole file of tests; each test has an agent of its own name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.provisioners.mqtt import brokers
from tests.provisioners.mqtt.agent_world import AgentWorld


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[brokers.BrokerProcess]:
    """One that speaks MQTT 5."""
    process = brokers.mosquitto(tmp_path_factory.mktemp("broker"))
    yield process
    process.stop()


@pytest.fixture
async def harness(broker: brokers.BrokerProcess, tmp_path: Path) -> AsyncIterator[AgentWorld]:
    """The reference agent at work on a directory of the test."""
    world = AgentWorld(tmp_path, broker.port)
    world.agent.client.connect("127.0.0.1", broker.port)
    world.agent.client.loop_start()
    yield world
    world.agent.client.disconnect()
    world.agent.client.loop_stop()

"""Brokers of each test's own: what is retained there is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provisioners.mqtt import brokers


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[brokers.BrokerProcess]:
    """One that speaks MQTT 5 and one that speaks 3.1.1 only."""
    process = brokers.mosquitto(tmp_path) if request.param == "mosquitto" else brokers.amqtt()
    yield process
    process.stop()

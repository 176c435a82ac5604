"""The mqtt provisioner, before the shipped reference agent, does what every provisioner must do."""

from __future__ import annotations

from tests.contracts.provisioner import ProvisionerContract


class TestMqttContract(ProvisionerContract):
    """With mosquitto, over MQTT 5; the fixture is in conftest.py."""

"""The way to an MQTT broker, shared by all that speak to one. Needs the extra `mqtt`."""

from __future__ import annotations

from adapters.mqtt.connecting import Broker, Connector, client_id

__all__ = ["Broker", "Connector", "client_id"]

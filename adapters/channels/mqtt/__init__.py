"""Notifications on a topic of the broker that `mqtt.url` names. Needs the extra `mqtt`."""

from __future__ import annotations

from adapters.channels.mqtt.channel import MqttTopic, mqtt_topic_of

__all__ = ["MqttTopic", "mqtt_topic_of"]

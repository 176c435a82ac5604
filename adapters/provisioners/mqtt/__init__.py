"""Components that an agent of the operator's own moves, reached through an MQTT broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.mqtt.exchange import Exchange
from adapters.provisioners.mqtt.observing import MqttObserver, read_options
from adapters.provisioners.mqtt.stepping import MqttProvisioner
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["MqttObserver", "MqttProvisioner", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> MqttObserver:
    """The half that asks an agent only what it sees."""
    return MqttObserver(_exchange(surroundings), surroundings.clock)


def provisioner(surroundings: Surroundings) -> MqttProvisioner:
    """The whole."""
    return MqttProvisioner(_exchange(surroundings), surroundings.clock)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """Which agents cannot be reached, once each."""
    exchange = _exchange(surroundings)
    found: dict[str, None] = {}
    for resource in resources:
        try:
            await exchange.reach(read_options(resource))
        except CallError as error:
            found[error.reason] = None
    return tuple(found)


def _exchange(surroundings: Surroundings) -> Exchange:
    return Exchange(surroundings.clock, surroundings.chance, surroundings.environment, surroundings.instance)

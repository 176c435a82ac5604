"""Looking: what an agent says it sees."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from adapters.provisioners.mqtt.exchange import Exchange, Question, about
from adapters.provisioners.mqtt.found_names import found_name
from adapters.provisioners.mqtt.protocol import observation_from, resources_from
from config.provisioner_options.mqtt import MqttOptions, mqtt_options
from machines.observations import Observation
from machines.ports.clock import Clock
from machines.ports.faults import CallError, Permanent
from machines.ports.provisioner import FoundResource, Resource


class MqttObserver:
    """Asks agents `observe` and `list`, and nothing else."""

    kind = "mqtt"

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock

    async def observe(self, resource: Resource) -> Observation:
        """What the agent sees now.

        Raises `Transient` where agent or broker is not there, `Ambiguous` where no answer came: unknown is not absent.
        """
        options = read_options(resource)
        reply = await self._exchange.ask(options, about(resource, "observe"))
        return observation_from(reply, options.agent)

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """What lives of a plan at every agent that `known` names, each asked once."""
        found: list[FoundResource] = []
        for options in _agents(known):
            reply = await self._exchange.ask(options, Question("list", plan))
            found += [
                msgspec.structs.replace(each, name=found_name(options, plan, each.name))
                for each in resources_from(reply, options.agent, self.kind)
            ]
        return tuple(found)

    async def close(self) -> None:
        """Nothing is held between calls."""


def read_options(resource: Resource) -> MqttOptions:
    """The component's options; raises `Permanent` where they are not those of an `mqtt` component."""
    try:
        return mqtt_options(resource.options)
    except msgspec.ValidationError as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of an mqtt provisioner: {error}"
        ) from error


def _agents(known: Sequence[Resource]) -> tuple[MqttOptions, ...]:
    """The options of one component of each agent. Options that cannot be read name no agent."""
    agents: dict[tuple[str, str, str], MqttOptions] = {}
    for resource in known:
        try:
            options = read_options(resource)
        except CallError:
            continue
        agents.setdefault((options.broker, options.topic_prefix, options.agent), options)
    return tuple(agents.values())

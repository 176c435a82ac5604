"""Where an instance publishes on an MQTT broker: the names of its retained topics. `docs/mqtt.md` lists them."""

from __future__ import annotations

from typing import Final

import msgspec

from machines.state.whole import State

ONLINE: Final = "online"
OFFLINE: Final = "offline"
COMPONENT: Final = "component-"
"""What the name of a component's sensor begins with."""
SHARE: Final = "share-"
"""The same of the sensor of a dial's share."""
SENSORS: Final = {
    "level": ("level", "level", False),
    "mrr": ("MRR", "mrr", True),
    "run_rate": ("run rate", "committed_cost", True),
}
"""By topic: its name for people, the field shown, whether that is money."""


class Topics(msgspec.Struct, frozen=True):
    """Where an instance publishes. Component ids have no hyphen and no slash, so that names can be taken apart."""

    prefix: str
    discovery_prefix: str
    """"" announces nothing."""
    instance: str
    version: str

    @property
    def root(self) -> str:
        """What every topic of the instance begins with."""
        return f"{self.prefix}/{self.instance}"

    @property
    def node(self) -> str:
        """The instance's name in discovery topics and unique ids."""
        return f"solvent_{self.instance}"

    @property
    def availability(self) -> str:
        """Whether the daemon is there: `online`, or `offline` by itself or by the broker's hand."""
        return f"{self.root}/availability"

    @property
    def watched(self) -> tuple[str, ...]:
        """The filters under which topics of components can be out of date."""
        found = [self.state_of("+")]
        if self.discovery_prefix:
            found.append(self.config_of("+"))
        return tuple(found)

    def state_of(self, component_id: str) -> str:
        """A component's own topic."""
        return f"{self.root}/component/{component_id}/state"

    def config_of(self, name: str) -> str:
        """A sensor's discovery topic."""
        return f"{self.discovery_prefix}/sensor/{self.node}/{name}/config"

    def is_stray(self, topic: str, state: State) -> bool:
        """Whether a topic under those watched tells of what is no more."""
        before, after = self.state_of("+").split("+")
        if topic.startswith(before) and topic.endswith(after):
            return state.component(topic[len(before) : -len(after)]) is None
        before, after = self.config_of("+").split("+")
        if not (self.discovery_prefix and topic.startswith(before) and topic.endswith(after)):
            return False
        name = topic[len(before) : -len(after)]
        if name.startswith(SHARE):
            return name.removeprefix(SHARE) not in state.dials
        if name.startswith(COMPONENT):
            return state.component(name.removeprefix(COMPONENT)) is None
        return name not in SENSORS

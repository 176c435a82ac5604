"""What a kind that is a key in Redis states about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from adapters.redis_keys import KeyedKind
from machines.observations import Observation
from machines.ports.provisioner import Resource

ON: Final = "on"
OFF: Final = "off"


class KeyRecipe(Protocol):
    """One kind. Its script takes a step, plan, token and state as they were seen, its own arguments, then fields."""

    keys: KeyedKind
    """Its name is the kind's."""
    step_script: str
    step_arguments: tuple[str, ...]
    """What the script takes beside what every kind gives it."""
    without_disk: str
    """What a restart does where Redis writes nothing to disk, for a message; "" where that does no harm."""

    def observation(self, resource: Resource, fields: Mapping[str, str], now_ms: int) -> Observation:
        """What the key shows, {} being none; raises `Permanent` for options of another kind and another plan's key."""
        ...

    def wished(self, resource: Resource, now_ms: int) -> dict[str, str]:
        """The fields that follow from the options; raises `Permanent` where they cannot be used."""
        ...

    def cost_micros(self, resource: Resource) -> int:
        """What it costs in a month while it is on."""
        ...

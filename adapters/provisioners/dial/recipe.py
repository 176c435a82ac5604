"""A dial as a key in Redis."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.provisioners.dial.connection import DIALS
from adapters.provisioners.dial.fields import observation_from, wished
from adapters.provisioners.dial.scripts import STEP
from machines.observations import Observation
from machines.ports.provisioner import Resource


class DialRecipe:
    """Off, or just switched on, a dial is at 0: every request goes to the API. No step turns it: the daemon does."""

    keys = DIALS
    step_script = STEP
    step_arguments: tuple[str, ...] = ()
    without_disk = ""  # the journal has the position, and the daemon shows it again

    def observation(self, resource: Resource, fields: Mapping[str, str], now_ms: int) -> Observation:
        """The share, and which fields differ from the options."""
        del now_ms
        return observation_from(resource, fields)

    def wished(self, resource: Resource, now_ms: int) -> dict[str, str]:
        """The order in which the application falls back from one API to the next."""
        del now_ms
        return wished(resource)

    def cost_micros(self, resource: Resource) -> int:
        """A dial costs nothing by itself."""
        del resource
        return 0

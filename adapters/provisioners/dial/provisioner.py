"""Dials on one Redis."""

from __future__ import annotations

from adapters.provisioners.dial.recipe import DialRecipe
from adapters.provisioners.keyed import KeyedObserver, KeyedProvisioner
from adapters.redis_streams.access import ANONYMOUS, RedisAccess
from machines.ports.clock import Clock


class DialObserver(KeyedObserver):
    """Looks at dials."""

    def __init__(self, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> None:
        """`url` may be "": every call is then refused for good."""
        super().__init__(DialRecipe(), url, instance, clock, access)


class DialProvisioner(KeyedProvisioner):
    """The whole. Held to `tests/contracts/provisioner.py`."""

    def __init__(self, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> None:
        """As the observer."""
        super().__init__(DialRecipe(), url, instance, clock, access)

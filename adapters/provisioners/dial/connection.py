"""Where dials are: the hashes `dial:<component>` of the instance, and the application's `dial:<component>:measured`."""

from __future__ import annotations

from typing import Final

from adapters.redis_keys import KeyConnection, KeyedKind
from adapters.redis_streams.access import ANONYMOUS, RedisAccess
from machines.ports.clock import Clock

DIALS: Final = KeyedKind("dial", "dials")
MEASURED: Final = ":measured"
"""What follows a component's name in the key that the application writes."""


def connection_to(url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> KeyConnection:
    """The dials of an instance; `url` may be "": every call is then refused for good."""
    return KeyConnection(DIALS, url, instance, clock, access)

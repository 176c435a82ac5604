"""What keeps dials from being kept, found out before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from adapters.provisioners.dial.connection import DIALS, connection_to
from adapters.provisioners.dial.observing import DialObserver
from adapters.redis_keys import script_sentence
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

_HARMLESS: Final = "return redis.call('TIME')[1]"


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """A sentence for a Redis that is away or runs no scripts, else one for each dial that cannot be looked at."""
    connection = connection_to(surroundings.redis_url, surroundings.instance, surroundings.clock)
    try:
        await connection.evaluate(_HARMLESS, [], [])
    except CallError as error:
        return (script_sentence(error, DIALS.plural),)
    finally:
        await connection.close()
    observer = DialObserver(surroundings.redis_url, surroundings.instance, surroundings.clock)
    found = []
    try:
        for resource in resources:
            try:
                await observer.observe(resource)
            except CallError as error:
                found.append(error.reason)
    finally:
        await observer.close()
    return tuple(found)

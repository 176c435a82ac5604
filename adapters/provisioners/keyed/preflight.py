"""What keeps keys from being kept, found out before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from adapters.provisioners.keyed.observing import KeyedObserver
from adapters.provisioners.keyed.recipe import KeyRecipe
from adapters.redis_keys import KeyConnection, script_sentence
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

_HARMLESS: Final = "return redis.call('TIME')[1]"


async def preflight(recipe: KeyRecipe, resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """A sentence for a Redis that is away or runs no scripts, else one for each key that cannot be looked at."""
    place = (surroundings.redis_url, surroundings.instance, surroundings.clock)
    connection = KeyConnection(recipe.keys, *place)
    try:
        await connection.evaluate(_HARMLESS, [], [])
    except CallError as error:
        return (script_sentence(error, recipe.keys.plural),)
    finally:
        await connection.close()
    observer = KeyedObserver(recipe, *place)
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

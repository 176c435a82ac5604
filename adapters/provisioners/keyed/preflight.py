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
    """A sentence for a Redis that is away or runs no scripts, else one for each key that cannot be looked at.

    Before those, one for a Redis that keeps nothing on disk where the kind needs that.
    """
    place = (surroundings.redis_url, surroundings.instance, surroundings.clock, surroundings.redis_access)
    connection = KeyConnection(recipe.keys, *place)
    found = []
    try:
        await connection.evaluate(_HARMLESS, [], [])
        if recipe.without_disk and await _keeps_nothing(connection):
            found.append(f"this Redis keeps nothing on disk: {recipe.without_disk}: set appendonly yes")
    except CallError as error:
        return (script_sentence(error, recipe.keys.plural),)
    finally:
        await connection.close()
    observer = KeyedObserver(recipe, *place)
    try:
        for resource in resources:
            try:
                await observer.observe(resource)
            except CallError as error:
                found.append(error.reason)
    finally:
        await observer.close()
    return tuple(found)


async def _keeps_nothing(connection: KeyConnection) -> bool:
    """Whether the server says that it writes neither snapshots nor an append-only file; hosted ones do not tell."""
    try:
        return (await connection.setting("save"), await connection.setting("appendonly")) == ("", "no")
    except CallError:
        return False

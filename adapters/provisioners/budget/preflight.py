"""What keeps budgets from being kept, found out before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from adapters.provisioners.budget.connection import BudgetConnection
from adapters.provisioners.budget.observing import BudgetObserver
from adapters.redis_keys import script_sentence
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

_HARMLESS: Final = "return redis.call('TIME')[1]"


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """A sentence for a Redis that is away or runs no scripts, else one for each budget that cannot be looked at."""
    connection = BudgetConnection(surroundings.redis_url, surroundings.instance, surroundings.clock)
    try:
        await connection.evaluate(_HARMLESS, [], [])
    except CallError as error:
        return (script_sentence(error, "budgets"),)
    finally:
        await connection.close()
    observer = BudgetObserver(surroundings.redis_url, surroundings.instance, surroundings.clock)
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

"""A kind of provisioner whose check says which Redis and instance it was given, for the tests of what is reached."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.provisioners.registry import Surroundings
from adapters.provisioners.simulated import observer, provisioner
from machines.ports.provisioner import Resource

__all__ = ["observer", "preflight", "provisioner"]


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """The one sentence."""
    del resources
    return (f"the Redis of {surroundings.instance} is {surroundings.redis_url or 'unknown'}",)

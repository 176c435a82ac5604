"""A kind whose own check has a defect."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.provisioners.registry import Surroundings
from machines.ports.provisioner import Resource


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """Never gets as far as a sentence."""
    del surroundings
    return (str(len(resources) / 0),)

"""A kind of provisioner that nothing is reached of: what its check says, for the tests of `plan check` and `run`."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.provisioners.registry import Surroundings
from adapters.provisioners.simulated import observer, provisioner
from machines.ports.provisioner import Resource

__all__ = ["observer", "preflight", "provisioner"]

NO_CREDENTIALS = "no credentials were found: set CLOUD_TOKEN or run on a machine that has a role"


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """One sentence, and one more that counts what was asked for; nothing where the token is set."""
    if "CLOUD_TOKEN" in surroundings.environment:
        return ()
    return NO_CREDENTIALS, f"{len(resources)} of {resources[0].plan} may not be looked at: grant cloud:Describe"

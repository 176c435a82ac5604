"""Units of systemd over D-Bus: the operator's unit files, solvent's mark and limits, systemd's jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.systemd.observing import SystemdObserver
from adapters.provisioners.systemd.preflight import obstacles
from adapters.provisioners.systemd.stepping import SystemdProvisioner
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["SystemdObserver", "SystemdProvisioner", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> SystemdObserver:
    """The half that tells systemd nothing."""
    return SystemdObserver(surroundings.clock, surroundings.environment)


def provisioner(surroundings: Surroundings) -> SystemdProvisioner:
    """The whole."""
    return SystemdProvisioner(surroundings.state_directory, surroundings.clock, surroundings.environment)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these units from being reached, a sentence each."""
    return await obstacles(resources, surroundings.clock, surroundings.environment)

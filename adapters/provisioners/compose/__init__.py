"""Docker Compose as a provisioner: one compose project is one component, labelled by a file that solvent adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.provisioners.compose.observing import ComposeObserver
from adapters.provisioners.compose.preflight import preflight
from adapters.provisioners.compose.stepping import ComposeProvisioner

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["ComposeObserver", "ComposeProvisioner", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> ComposeObserver:
    """The half that only looks."""
    return ComposeObserver(surroundings.state_directory, surroundings.clock, surroundings.environment)


def provisioner(surroundings: Surroundings) -> ComposeProvisioner:
    """The whole."""
    return ComposeProvisioner(surroundings.state_directory, surroundings.clock, surroundings.environment)

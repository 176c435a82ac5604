"""An operator's own programs as a provisioner: no shell, a time limit, an inherited lock per component."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.provisioners.command.observing import CommandObserver
from adapters.provisioners.command.stepping import CommandProvisioner

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["CommandObserver", "CommandProvisioner", "observer", "provisioner"]


def observer(surroundings: Surroundings) -> CommandObserver:
    """The half that runs nothing but `observe`."""
    return CommandObserver(surroundings.state_directory, surroundings.clock, surroundings.environment)


def provisioner(surroundings: Surroundings) -> CommandProvisioner:
    """The whole."""
    return CommandProvisioner(surroundings.state_directory, surroundings.clock, surroundings.environment)

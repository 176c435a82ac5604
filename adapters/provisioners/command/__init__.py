"""An operator's own programs as a provisioner: no shell, a time limit, an inherited lock per component."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adapters.processes.trusted import require_trusted
from adapters.provisioners.command.observing import PATH_DEFAULT, CommandObserver, read_options
from adapters.provisioners.command.stepping import CommandProvisioner
from config.provisioner_options.actions import ACTIONS
from config.provisioner_options.command import CommandOptions
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["CommandObserver", "CommandProvisioner", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> CommandObserver:
    """The half that runs nothing but `observe`."""
    return CommandObserver(surroundings.state_directory, surroundings.clock, surroundings.environment)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """The programs that are not to be trusted, each once; one that is not there yet may come with the first step."""
    path = surroundings.environment.get("PATH", PATH_DEFAULT)
    found = [fault for resource in resources for fault in _faults(read_options(resource), path)]
    return tuple(dict.fromkeys(found))


def _faults(options: CommandOptions, path: str) -> Iterator[str]:
    for action in ACTIONS:
        try:
            require_trusted(getattr(options, action), {"PATH": path}, options.working_directory)
        except Permanent as fault:
            yield fault.reason


def provisioner(surroundings: Surroundings) -> CommandProvisioner:
    """The whole."""
    return CommandProvisioner(surroundings.state_directory, surroundings.clock, surroundings.environment)

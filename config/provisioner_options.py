"""What each kind of provisioner needs to know about a component, as validated from the plan's `options`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

PROVISIONERS: Final = ("simulated", "command")
"""The kinds that solvent 0.1 executes."""
ACTIONS: Final = ("observe", "warm", "activate", "deactivate", "decommission")
"""What a provisioner does, in the order of a component's life."""

DURATION_MAX_S: Final = 86_400
TIME_LIMIT_DEFAULT_S: Final = 300
TIME_LIMIT_MAX_S: Final = 3_600
ARGUMENTS_MAX: Final = 64
ARGUMENT_CHARACTERS_MAX: Final = 4_096


class SimulatedOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long each step of a simulated component takes, in seconds, and what goes wrong with it."""

    warm_s: int = 0
    activate_s: int = 0
    deactivate_s: int = 0
    decommission_s: int = 0
    faults: dict[str, Any] = {}
    """A script of the simulated provisioner; whole numbers and booleans are such, every other value is text."""


class CommandOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator's own programs, each a list of arguments that is run without a shell."""

    observe: tuple[str, ...]
    """Prints one JSON object: state, tokens, units, cost if known."""
    warm: tuple[str, ...]
    activate: tuple[str, ...]
    deactivate: tuple[str, ...]
    decommission: tuple[str, ...]
    target: str
    """What the programs act on; the component's id where the plan names nothing else."""
    time_limit_s: int = TIME_LIMIT_DEFAULT_S
    """How long one program may run; what ended by it is ambiguous. Five minutes: longer than most calls, far
    shorter than a step's deadline."""
    working_directory: str | None = None
    """An absolute path; None is the daemon's own working directory."""


def simulated_options(options: Mapping[str, Any]) -> SimulatedOptions:
    """The options of a loaded plan's `simulated` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), SimulatedOptions)


def command_options(options: Mapping[str, Any]) -> CommandOptions:
    """The options of a loaded plan's `command` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), CommandOptions)

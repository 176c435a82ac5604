"""A fake world for the demo, the simulator and the tests, with every fault that a real one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.provisioners.simulated.faults import Fault, Faults
from adapters.provisioners.simulated.provisioner import Hooks, SimulatedObserver, SimulatedProvisioner
from adapters.provisioners.simulated.world import SimulatedWorld, WorldDamagedError

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = [
    "WORLD_NAME",
    "Fault",
    "Faults",
    "Hooks",
    "SimulatedObserver",
    "SimulatedProvisioner",
    "SimulatedWorld",
    "WorldDamagedError",
    "observer",
    "provisioner",
]

WORLD_NAME = "simulated-world.json"
"""In the state directory: a restarted daemon finds the world as it left it."""


def observer(surroundings: Surroundings) -> SimulatedObserver:
    """The half that only looks; raises `WorldDamagedError` where the world's file cannot be read."""
    world = SimulatedWorld.load(surroundings.state_directory / WORLD_NAME)
    return SimulatedObserver(world, surroundings.clock, Faults(surroundings.chance))


def provisioner(surroundings: Surroundings) -> SimulatedProvisioner:
    """The whole, on a world that is written to its file after every change."""
    path = surroundings.state_directory / WORLD_NAME
    world = SimulatedWorld.load(path)
    return SimulatedProvisioner(world, surroundings.clock, Faults(surroundings.chance), keep=lambda: world.save(path))

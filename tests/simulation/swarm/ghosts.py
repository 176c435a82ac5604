"""Fenced resurrection: a process that was taken for dead wakes beside its successor, and must change nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from adapters.memory_journal import MemoryJournal
from adapters.provisioners.simulated import Hooks
from config.instants import HOUR
from machines.events import ActorResumed
from machines.invariants import Finding
from machines.lifecycle_states import Step
from machines.ports.faults import Ambiguous
from machines.ports.journal import JournalRefusedError, Proposal
from machines.ports.provisioner import Resource, StepOrder
from tests.simulation.swarm.providers import providers

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

TAKEN: Final = "another process holds"
"""How the journal refuses whoever no longer holds it."""
FENCED: Final = "nothing it does reaches the world"
"""How the fake world refuses whoever comes with the number of an earlier epoch."""


class Ghost:
    """What a process held when it died: its journal, and its way to every provider."""

    def __init__(self, world: SwarmWorld, journal: MemoryJournal) -> None:
        self._world = world
        self._journal = MemoryJournal(world.store, world.clock)
        self._journal._holder = journal._holder
        world.store.holder = journal._holder
        self._providers = providers(world, Hooks())

    async def haunt(self) -> None:
        """Write an event and take a step, as if nothing had happened: both must be fenced, no other refusal will do."""
        world, now = self._world, self._world.clock.wall()
        await asyncio.sleep(1)
        events = len(world.store.events)
        try:
            await self._journal.append([Proposal(ActorResumed("a ghost"), "ghost", now, None)])
        except JournalRefusedError as refused:
            if TAKEN not in str(refused):
                raise
            world.note("resurrection")
        if any(each.actor == "ghost" for each in world.store.events[events:]):
            world.findings.append(Finding("fencing", "the journal took an event of a process that had ended"))
        for component in world.plan.components.values():
            if component.host:
                continue
            resource = Resource(world.plan.id, component.id, component.options)
            try:
                await self._providers[component.provisioner].reach(
                    Step.WARM, StepOrder(resource, "a ghost's token", 1, now + HOUR)
                )
            except Ambiguous as refused:
                if FENCED in str(refused):
                    continue
                raise
            world.findings.append(Finding("fencing", f"{component.id} was warmed by a process that had ended"))
            return

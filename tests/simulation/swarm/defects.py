"""Defects: a handler of an actor, or a round of a root, raises what nobody foresaw, once or until it is parked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from daemon.actors.commands import NAME as COMMANDS
from daemon.kernel import Actor, ActorRef, ActorState, EventKind, Neighbours, Root

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

SAID: Final = "a planted defect"
TIMES: Final = (1, 1, 2, 6)
"""How often it raises; six failures within a minute are one more than the kernel restarts by itself."""
NEEDED_FOR_COMMANDS: Final = (COMMANDS, "commands intake")
"""While one of these is parked nobody can be asked to resume it: the next start does."""


class DefectError(RuntimeError):
    """A bug: no fault of anything outside."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{SAID} of {name}")


class Planted:
    """How often it is still to raise."""

    def __init__(self, world: SwarmWorld, name: str, times: int) -> None:
        self.name = name
        self.left = times
        self._world = world

    def raise_if_left(self) -> None:
        """Raise, as often as was planted and not after the mishaps ceased."""
        if self.left > 0 and self._world.defects.get(self.name) is self:
            self.left -= 1
            self._world.note("defect")
            raise DefectError(self.name)


class DefectiveActor(Actor):
    """An actor with a bug before its work on a message, or after it: then what it did is durable already."""

    __slots__ = ("_before", "_inner", "_planted")

    def __init__(self, inner: Actor, planted: Planted, *, before: bool) -> None:
        super().__init__(inner.name)
        self._inner = inner
        self._planted = planted
        self._before = before

    async def receive(self, message: msgspec.Struct) -> object | None:
        """Handle it, but for the bug."""
        if self._before:
            self._planted.raise_if_left()
        answer = await self._inner.receive(message)
        self._planted.raise_if_left()
        return answer

    async def receive_together(self, first: msgspec.Struct, others: Neighbours) -> Sequence[object | None]:
        """The same of many at once."""
        if self._before:
            self._planted.raise_if_left()
        answers = await self._inner.receive_together(first, others)
        self._planted.raise_if_left()
        return answers

    async def started(self) -> None:
        """As the actor does."""
        await self._inner.started()

    async def restart(self) -> None:
        """As the actor does."""
        await self._inner.restart()

    async def stopping(self) -> None:
        """As the actor does."""
        await self._inner.stopping()


def plant(world: SwarmWorld, chance: random.Random) -> bool:
    """Give somebody who runs now a defect; whether anybody was there to get it."""
    if world.daemon is None or world.daemon.kernel.is_stopping:
        return False
    kernel = world.daemon.kernel
    running = [each for each in (*kernel.actors, *kernel.roots) if each.state is ActorState.RUNNING]
    victims = [each for each in running if each.name not in world.defects]
    if not victims:
        return False
    # Every kind of actor as often as the next: of the components there are many.
    kinds = sorted({_kind(each.name) for each in victims})
    kind = chance.choice(kinds)
    victim = chance.choice([each for each in victims if _kind(each.name) == kind])
    planted = world.defects[victim.name] = Planted(world, victim.name, chance.choice(TIMES))
    world.defective.add(victim.name)
    if isinstance(victim, ActorRef):
        if victim.factory is None:
            victim.actor = _defective(victim.actor, planted, before=chance.random() < 0.5)
    else:
        _plant_root(victim, planted)
    return True


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _defective(inner: Actor, planted: Planted, *, before: bool) -> DefectiveActor:
    class Defective(DefectiveActor):
        __slots__ = ()
        taken_together: ClassVar = inner.taken_together

    return Defective(inner, planted, before=before)


def _plant_root(root: Root, planted: Planted) -> None:
    """Its next beat in its own code raises: every root beats at least once a round."""
    run, inside = root.run, root.state is ActorState.RUNNING

    class Defective(Root):
        __slots__ = ()

        def beat(self) -> None:
            nonlocal inside
            super().beat()
            # Neither the kernel's beat before a run nor that of a timer is the root's own code.
            if inside and planted.left and asyncio.current_task() is self.task:
                inside = False
                planted.raise_if_left()

    async def run_again(again: Root) -> None:
        nonlocal inside
        inside = True
        try:
            await run(again)
        finally:
            inside = False

    root.run = run_again
    root.__class__ = Defective


def was_planted(world: SwarmWorld, kind: EventKind, name: str, detail: str) -> bool:
    """Whether the kernel says what a planted defect explains: of whom it was planted in, and of nobody else (I11)."""
    if name not in world.defective:
        return False
    # A group of tasks wraps what one of them raised, and the kernel says the group's own text.
    return kind is EventKind.RESUMED or f"{SAID} of {name}" in detail or "ExceptionGroup" in detail

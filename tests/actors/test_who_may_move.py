"""What the supervisor says to a step stays so while it restarts, or while it could not tell or record something."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec.structs import replace

from daemon.actors.names import component_actor
from daemon.actors.recording import NotRecorded
from daemon.kernel import Actor, ActorFailed, ActorPolicy, RestartPolicy
from daemon.messages import Move, Reconsider, StepAsked, StepGranted, TargetAsked, Tick
from machines.events import PinSet, StepOutcome
from machines.lifecycle_states import ComponentState, Step
from tests.actors.supervisor_desk import Desk

ONE_PLACE = ActorPolicy(RestartPolicy(2, 60, 0.001, 1), mailbox_items_max=1)


class Component(Actor):
    """Notes what it is told; may be held, so that its mailbox fills."""

    __slots__ = ("free", "told")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.told: list[msgspec.Struct] = []
        self.free = asyncio.Event()
        self.free.set()

    async def receive(self, message: msgspec.Struct) -> None:
        """Note it when it is free."""
        await self.free.wait()
        self.told.append(message)


async def pinned(desk: Desk) -> tuple[str, Component]:
    """A component that an operator wants HOT and whose raise is open, and who hears what it is told."""
    name = desk.names[0]
    component = Component(component_actor(name))
    desk.kernel.spawn(component, ONE_PLACE)
    await desk.interrupted()
    await desk.recorder.record("a test", [PinSet(name, ComponentState.HOT, None, "a test", "an operator")])
    await desk.told([Reconsider()])
    return name, component


async def heard(component: Component) -> list[msgspec.Struct]:
    """What it was told since it was asked the last time."""
    for _ in range(20):
        await asyncio.sleep(0)
    told = component.told[:]
    component.told.clear()
    return told


async def test_a_supervisor_that_restarts_takes_no_step_back(desk: Desk) -> None:
    """What waits meanwhile is judged when it was reconsidered who may move, and not by nothing."""
    name, _ = await pinned(desk)
    broken = replace(desk.answered(desk.names[1], StepOutcome.DONE), outcome="no such outcome")
    failed, answer = await desk.told([broken, StepAsked(name, Step.WARM)])

    assert isinstance(failed, ActorFailed)
    assert isinstance(answer, StepGranted)


async def test_who_asks_for_its_target_may_take_its_step(desk: Desk) -> None:
    """A component that began anew asks for both before it was told."""
    name, component = await pinned(desk)
    await heard(component)
    _, answer = await desk.told([TargetAsked(name), StepAsked(name, Step.WARM)])

    assert isinstance(answer, StepGranted)
    assert [Move(ComponentState.HOT)] == await heard(component)


async def test_a_full_mailbox_takes_no_step_back(desk: Desk) -> None:
    """Who could not be told may move all the same, and is told at the next tick."""
    name, component = await pinned(desk)
    await heard(component)
    component.free.clear()
    for _ in range(2):  # one that is handled, one that waits
        desk.kernel.tell(component_actor(name), Move(ComponentState.COLD))
        await asyncio.sleep(0)
    await desk.told([TargetAsked(name)])
    (answer,) = await desk.told([StepAsked(name, Step.WARM)])
    component.free.set()
    assert Move(ComponentState.HOT) not in await heard(component)
    await desk.told([Tick()])

    assert isinstance(answer, StepGranted)
    assert [Move(ComponentState.HOT)] == await heard(component)


async def test_what_could_not_be_reconsidered_is_at_the_next_tick(desk: Desk) -> None:
    """A disk that was full while a cost was to be given back: it is soon after, and not at the next news."""
    await pinned(desk)
    kept = desk.recorder.state.components.of(desk.names[1])
    kept.intent, kept.state = None, ComponentState.COLD  # its repair was wanted, and is no more
    desk.journal.is_full = True
    (refused,) = await desk.told([Reconsider()])
    desk.journal.is_full = False
    await desk.told([Tick()])
    await desk.told([TargetAsked(desk.names[2])])  # what the tick asked for is handled before

    assert NotRecorded("the disk is full") == refused
    assert 0 == kept.committed_micros

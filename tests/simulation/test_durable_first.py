"""What is not durable yet is nobody's: not the state's, not a listener's, not the asker's, and no call follows it."""

from __future__ import annotations

import asyncio

import msgspec

from daemon.recorder import Recorder
from daemon.running import Daemon
from machines.events import FreezeChanged, Recorded, StepIntended
from tests.simulation.ladder import ladder
from tests.simulation.one_life import of_type
from tests.simulation.scenario import month_of, quiescent
from tests.simulation.world import World

ROUNDS_MAX = 200_000
"""A life that goes on for ever is cut off there, and the test fails."""
DISK_S = 5.0


class Early(msgspec.Struct):
    """What was known of an event while the disk was still at work."""

    folded: bool
    told: int
    answered: bool


def early() -> Early:
    """Record one event on a disk that takes its time, and look while it does."""
    world, looks = World(ladder(), 1), list[Early]()

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        looks.append(await _look(world, daemon.recorder))

    world.live(body, rounds_max=ROUNDS_MAX, stops=False)
    assert [FreezeChanged("early", frozen=True)] == of_type(world, FreezeChanged), "it became durable in the end"
    return looks[0]


async def _look(world: World, recorder: Recorder) -> Early:
    told: list[Recorded] = []
    recorder.listen(told.append)
    world.append_s = lambda: DISK_S
    answer = asyncio.ensure_future(recorder.record("a test", [FreezeChanged("early", frozen=True)]))
    await asyncio.sleep(DISK_S / 2)
    look = Early("early" in recorder.state.freezes, len(told), answer.done())
    await asyncio.sleep(DISK_S)
    return look


def test_nothing_is_folded_before_it_is_durable() -> None:
    """The state knows an event only when the disk has it."""
    assert early().folded is False


def test_nobody_is_told_before_it_is_durable() -> None:
    """A listener hears of an event only when the disk has it."""
    assert 0 == early().told


def test_nobody_is_answered_before_it_is_durable() -> None:
    """Who records waits until the disk has it."""
    assert early().answered is False


def test_no_call_goes_out_before_its_intent_is_durable() -> None:
    """Whatever changes the world stands in the journal first, on a disk that takes a second for each group (I1)."""
    world, called = World(ladder(), 1), list[tuple[str, bool]]()
    world.append_s = lambda: 1.0

    def note(point: str) -> None:
        word, _, rest = point.partition(" ")
        step, _, component = rest.partition(" of ")
        if word == "before" and component in world.plan.components and step != "observe":
            intended = {(each.step.value, each.component) for each in _intents(world)}
            called.append((f"{step} of {component}", (step, component) in intended))

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await asyncio.sleep(60)

    world.watch_points = note
    world.live(body, rounds_max=ROUNDS_MAX)

    assert {"warm of cluster", "activate of cluster"} <= {call for call, _ in called}
    assert [] == [call for call, is_intended in called if not is_intended]


def _intents(world: World) -> list[StepIntended]:
    return [each for each in of_type(world, StepIntended) if isinstance(each, StepIntended)]

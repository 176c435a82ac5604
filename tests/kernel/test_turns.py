"""Waiting for room in a full mailbox: in the order of coming, never beyond one's time, never beside an empty one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import pytest

from daemon.kernel import ActorParked, ActorPolicy, ActorRef, AskTimeout, KernelStopping, MailboxFull
from tests.kernel.sample_actors import POLICY, Fail, Note, RecordedKernel, Recorder, Work, for_each_seed
from tests.simulation.virtual_loop import run

ROOM = POLICY.mailbox_items_max
BUSY_S = 10
ROUNDS = 8
"""Rounds of the loop in which a turn is given, heard and used."""


async def full(kernel: RecordedKernel) -> ActorRef:
    """An actor that works for so long, its mailbox full of work of a second each."""
    ref = kernel.spawn(Recorder("recorder"), POLICY)
    kernel.tell(ref, Work(BUSY_S))
    await asyncio.sleep(0.5)
    assert all(kernel.tell(ref, Work(1)) for _ in range(ROOM))
    return ref


async def at_round(number: int, act: Callable[[], Any]) -> Any:
    """Act in the so-many-th round of the loop at the moment when the actor's first work ends."""
    loop = asyncio.get_running_loop()
    if loop.time() < BUSY_S:
        moment = loop.create_future()
        loop.call_at(BUSY_S, moment.set_result, None)
        await moment
        for _ in range(number):
            await asyncio.sleep(0)
    else:
        await asyncio.sleep(0)
    return act()


async def in_turn(kernel: RecordedKernel, ref: ActorRef, number: int, timeout_s: float = 60) -> Any:
    """Ask as the so-many-th, a moment after the one before."""
    await asyncio.sleep(number / 100)
    return await kernel.ask_in_turn(ref, Note(str(number)), timeout_s)


def test_all_are_answered_in_the_order_of_coming() -> None:
    """Ten times as many as there is room for: none is refused, and only those that were let in at once may swap."""

    async def story(kernel: RecordedKernel) -> None:
        ref = await full(kernel)
        answers = await asyncio.gather(*(in_turn(kernel, ref, number) for number in range(10 * ROOM)))

        written = [int(each) for each in max(answers, key=len) if each.isdecimal()]
        assert list(range(10 * ROOM)) == sorted(written)
        assert [] == [(place, number) for place, number in enumerate(written) if abs(place - number) >= ROOM]
        assert 0 == kernel.counters.refusals
        assert ref.turns is None

    for_each_seed(story)


def test_a_place_that_was_given_is_nobody_elses() -> None:
    """Who asks between a turn and its use is refused, and the one whose turn it is gets in."""

    async def story(kernel: RecordedKernel) -> None:
        ref = await full(kernel)
        asking = asyncio.ensure_future(kernel.ask_in_turn(ref, Note("waited"), 60))
        pushed = [await at_round(number, lambda: kernel.tell(ref, Note("pushed"))) for number in range(ROUNDS)]
        answer = await asking

        assert not any(pushed)
        assert "waited" == answer[-1]

    for_each_seed(story)


def test_a_place_that_is_not_used_is_the_next_ones() -> None:
    """The first is cancelled at any moment around its turn: the second is let in, though no message frees a place."""
    policy = msgspec.structs.replace(POLICY, mailbox_items_max=1)

    async def story(kernel: RecordedKernel, number: int) -> None:
        ref = kernel.spawn(Recorder("recorder"), policy)
        kernel.tell(ref, Work(BUSY_S))
        await asyncio.sleep(0.5)
        kernel.tell(ref, Note("waits in the mailbox"))
        first, second = (asyncio.ensure_future(in_turn(kernel, ref, each)) for each in (0, 1))
        await at_round(number, first.cancel)
        await asyncio.wait([first, second])

        assert "1" == second.result()[-1]
        assert BUSY_S == asyncio.get_running_loop().time()

    for number in range(ROUNDS):
        for_each_seed(partial(story, number=number))


def test_with_room_nobody_waits() -> None:
    """It is an `ask`, then."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        assert ("hello",) == await kernel.ask_in_turn(ref, Note("hello"), 1)
        assert ref.turns is None

    for_each_seed(story)


def test_the_wait_is_part_of_the_time() -> None:
    """Who gets no room in time is told that the mailbox is full, at that time, and leaves nothing behind."""

    async def story(kernel: RecordedKernel) -> None:
        ref = await full(kernel)
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(MailboxFull):
            await kernel.ask_in_turn(ref, Note("late"), 3)
        assert began_s + 3 == asyncio.get_running_loop().time()
        assert ref.turns is None
        assert 1 == kernel.counters.overflows

    for_each_seed(story)


def test_one_that_gives_up_keeps_nobody_from_a_turn() -> None:
    """Cancelled in the very moment of its turn, or before: the others are answered all the same."""

    async def story(kernel: RecordedKernel) -> None:
        loop = asyncio.get_running_loop()
        ref = await full(kernel)
        asking = [asyncio.ensure_future(in_turn(kernel, ref, number)) for number in range(2 * ROOM)]
        loop.call_at(BUSY_S, asking[0].cancel)  # the first work ends then, and there is room for one
        loop.call_at(2, asking[1].cancel)
        answers = await asyncio.gather(*asking, return_exceptions=True)

        assert [] == [each for each in answers[2:] if isinstance(each, BaseException)]
        assert isinstance(answers[1], asyncio.CancelledError)

    for_each_seed(story)


def test_a_parked_actor_ends_the_wait() -> None:
    """Who waits hears at once that it is parked, and why."""

    async def story(kernel: RecordedKernel) -> None:
        ref = await full(kernel)
        asking = asyncio.ensure_future(kernel.ask_in_turn(ref, Note("waits"), 60))
        await asyncio.sleep(1)
        kernel.park("recorder", "an operator said so")
        with pytest.raises(ActorParked, match="an operator said so"):
            await asking
        assert 1.5 == asyncio.get_running_loop().time()

    for_each_seed(story)


def test_a_stop_ends_the_wait() -> None:
    """Nobody who waits for room holds a stop up."""

    async def story(kernel: RecordedKernel) -> None:
        ref = await full(kernel)
        asking = asyncio.ensure_future(kernel.ask_in_turn(ref, Note("waits"), 60))
        await asyncio.sleep(1)
        stopping = asyncio.ensure_future(kernel.stop(ask_s=1, cancel_s=1))
        with pytest.raises(KernelStopping):
            await asking
        assert 1.5 == asyncio.get_running_loop().time()
        await stopping

    for_each_seed(story)


def test_a_restart_of_the_actor_is_waited_out() -> None:
    """Its mail waits for the new life, and so does who waits for room behind it."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell(ref, Fail(ValueError("a defect"), after_s=2))
        await asyncio.sleep(0.5)
        assert all(map(partial(kernel.tell, ref), (Note("a"), Note("b"), Note("c"), Note("d"))))
        assert ("a", "b", "c", "d", "e") == await kernel.ask_in_turn(ref, Note("e"), 60)

    for_each_seed(story)


def test_who_gives_up_ends_no_turn_of_another() -> None:
    """One whose time is over in the very moment in which there is room, and another that begins to wait then."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), ActorPolicy(POLICY.restart, mailbox_items_max=1))
        kernel.tell(ref, Work(1))
        await asyncio.sleep(0.1)
        kernel.tell(ref, Work(1))

        async def gives_up() -> None:
            await asyncio.sleep(0.1)
            with suppress(MailboxFull, AskTimeout):
                await kernel.ask_in_turn(ref, Note("impatient"), 0.8)

        async def begins_to_wait() -> float:
            await asyncio.sleep(0.9)
            kernel.tell(ref, Note("pushed"))
            began_s = asyncio.get_running_loop().time()
            await kernel.ask_in_turn(ref, Note("waits"), 30)
            return asyncio.get_running_loop().time() - began_s

        _, waited_s = await asyncio.gather(gives_up(), begins_to_wait())
        assert waited_s <= 2

    for seed in range(100):

        async def main() -> None:
            await story(RecordedKernel())

        run(main, seed)

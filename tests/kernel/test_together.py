"""Messages that an actor takes together: those that wait next to each other, in their order, each with its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from daemon.kernel import Actor, ActorFailed, ActorParked, ActorPolicy, KernelStopping, Neighbours
from tests.kernel.sample_actors import RESTART, Fail, Note, RecordedKernel, Work, for_each_seed

ROOMY = ActorPolicy(restart=RESTART, mailbox_items_max=1_000)
MANY = 300
END, FORGOTTEN = "end", "forgotten"


class Clerk(Actor):
    """Writes down each call: the texts of the notes that came together, or what came alone."""

    __slots__ = ("calls",)
    taken_together: ClassVar = frozenset({Note, Fail})

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[list[str]] = []

    async def receive(self, message: msgspec.Struct) -> str:
        """Work, which comes alone."""
        assert isinstance(message, Work)
        self.calls.append(["work"])
        await asyncio.sleep(message.seconds)
        return "worked"

    async def receive_together(self, first: msgspec.Struct, others: Neighbours) -> Sequence[object | None]:
        """Takes a second, however many there are; nothing comes after a note that ends it."""
        messages = [first]
        while self.texts(messages)[-1:] != [END] and (message := others.peek()) is not None:
            others.take()
            messages.append(message)
        await asyncio.sleep(1)
        for message in messages:
            if isinstance(message, Fail):
                raise message.failure
        texts = self.texts(messages)
        self.calls.append(texts)
        return [f"noted {text}" for text in texts if text != FORGOTTEN]

    @staticmethod
    def texts(messages: Sequence[msgspec.Struct]) -> list[str]:
        """Of the notes among them."""
        return [message.text for message in messages if isinstance(message, Note)]


async def busy(kernel: RecordedKernel) -> Clerk:
    """A clerk at work for a second, so that what is sent now waits."""
    clerk = Clerk("clerk")
    kernel.spawn(clerk, ROOMY)
    kernel.tell("clerk", Work(1))
    await asyncio.sleep(0.5)
    return clerk


async def asked(kernel: RecordedKernel, *messages: msgspec.Struct, timeout_s: float = 60) -> list[Any]:
    """What came of messages that were sent in this order."""

    async def ask(number: int, message: msgspec.Struct) -> Any:
        await asyncio.sleep(number / 1_000)
        return await kernel.ask("clerk", message, timeout_s)

    return await asyncio.gather(*map(ask, range(len(messages)), messages), return_exceptions=True)


def test_what_waits_next_to_each_other_comes_together() -> None:
    """Another kind between them parts them, and each asker hears its own answer."""

    async def story(kernel: RecordedKernel) -> None:
        clerk = await busy(kernel)
        for message in (Note("a"), Note("b"), Work(0), Note("c")):
            kernel.tell("clerk", message)
        answers = await asked(kernel, Note("d"))

        assert [["work"], ["a", "b"], ["work"], ["c", "d"]] == clerk.calls
        assert ["noted d"] == answers

    for_each_seed(story)


def test_each_asker_hears_its_own_answer() -> None:
    """However many came together."""

    async def story(kernel: RecordedKernel) -> None:
        await busy(kernel)
        answers = await asked(kernel, *(Note(str(number)) for number in range(MANY)))

        assert [f"noted {number}" for number in range(MANY)] == answers

    for_each_seed(story)


def test_no_more_come_together_than_are_handled_in_one_turn() -> None:
    """A long queue keeps its order over several turns, and none of them is longer than any actor's."""

    async def story(kernel: RecordedKernel) -> None:
        clerk = await busy(kernel)
        await asked(kernel, *(Note(str(number)) for number in range(MANY)))

        assert [64, 64, 64, 64, MANY - 4 * 64] == sorted(map(len, clerk.calls[1:]), reverse=True)
        assert len(clerk.calls) == 6

    for_each_seed(story)


def test_who_gave_up_is_not_worked_for() -> None:
    """Its message is left out, and the others' come as if it had not been there."""

    async def story(kernel: RecordedKernel) -> None:
        clerk = await busy(kernel)
        impatient = asyncio.ensure_future(asked(kernel, Note("late"), timeout_s=0.1))
        patient = asyncio.ensure_future(asked(kernel, Note("in time")))
        await asyncio.gather(impatient, patient)

        assert [["work"], ["in time"]] == clerk.calls

    for_each_seed(story)


def test_a_failure_is_told_to_all_that_came_together() -> None:
    """Each with an exception of its own; the actor is restarted once, and what waits behind is handled after."""

    async def story(kernel: RecordedKernel) -> None:
        clerk = await busy(kernel)
        messages = (Note("a"), Fail(ValueError("no ink")), Note("b"), Work(0), Note("after"))
        first, second, third, worked, after = await asked(kernel, *messages)

        told = (first, second, third)
        assert all(isinstance(each, ActorFailed) and "no ink" in str(each) for each in told)
        assert len({id(each) for each in told}) == 3
        assert ("worked", "noted after") == (worked, after)
        assert [["work"], ["work"], ["after"]] == clerk.calls
        assert kernel.counters.restarts == 1

    for_each_seed(story)


def test_a_stop_that_cannot_wait_tells_all_of_them() -> None:
    """Whoever waits for an answer of a cancelled actor hears that the kernel stops."""

    async def story(kernel: RecordedKernel) -> None:
        await busy(kernel)
        asking = asyncio.ensure_future(asked(kernel, Note("a"), Note("b")))
        await asyncio.sleep(0.6)
        await kernel.stop(ask_s=0.1, cancel_s=0.1)

        assert [KernelStopping, KernelStopping] == [type(each) for each in await asking]

    for_each_seed(story)


def test_what_an_actor_leaves_waits_for_its_next_turn() -> None:
    """It takes as many as it can use; the others are neither lost nor answered before they are handled."""

    async def story(kernel: RecordedKernel) -> None:
        clerk = await busy(kernel)
        answers = await asked(kernel, Note("a"), Note(END), Note("b"))

        assert [["work"], ["a", END], ["b"]] == clerk.calls
        assert ["noted a", f"noted {END}", "noted b"] == answers

    for_each_seed(story)


def test_what_was_left_is_refused_when_the_actor_is_parked() -> None:
    """What is being handled is finished and answered, as for one message."""

    async def story(kernel: RecordedKernel) -> None:
        await busy(kernel)
        asking = asyncio.ensure_future(asked(kernel, Note("a"), Note(END), Note("b")))
        await asyncio.sleep(1)
        kernel.park("clerk", "an operator")
        first, second, left = await asking

        assert ("noted a", f"noted {END}") == (first, second)
        assert isinstance(left, ActorParked)

    for_each_seed(story)


def test_places_are_given_as_messages_are_taken() -> None:
    """Who waits for room gets it while those that were taken are still at work, and never more than there is room."""

    async def story(kernel: RecordedKernel) -> None:
        clerk = Clerk("clerk")
        kernel.spawn(clerk, ActorPolicy(restart=RESTART, mailbox_items_max=3))
        kernel.tell("clerk", Work(1))
        await asyncio.sleep(0.5)
        asking = [kernel.ask_in_turn("clerk", Note(str(number)), 60) for number in range(12)]
        answers = await asyncio.gather(*asking)

        assert sorted(f"noted {number}" for number in range(12)) == sorted(map(str, answers))
        assert [3, 3, 3, 3] == [len(each) for each in clerk.calls[1:]]
        assert 0 == kernel.counters.overflows

    for_each_seed(story)


def test_an_answer_too_few_is_a_failure_of_all() -> None:
    """Nobody waits for an answer that does not come, nor gets that of another."""

    async def story(kernel: RecordedKernel) -> None:
        await busy(kernel)
        answers = await asked(kernel, Note("a"), Note(FORGOTTEN))

        assert all(isinstance(each, ActorFailed) and "1 answers to 2 messages" in str(each) for each in answers)

    for_each_seed(story)


async def test_an_actor_that_takes_none_of_them_handles_each_alone() -> None:
    """By its `receive`, one after the other."""

    class Plain(Actor):
        __slots__ = ()
        taken_together: ClassVar = frozenset({Note})

        async def receive(self, message: msgspec.Struct) -> str:
            assert isinstance(message, Note)
            return message.text

    kernel = RecordedKernel()
    kernel.spawn(Plain("plain"), ROOMY)

    assert ["a", "b"] == await asyncio.gather(*(kernel.ask("plain", Note(each), 1) for each in "ab"))
    await kernel.stop(ask_s=1, cancel_s=1)

"""Telling and asking: order, bounds, deadlines, and nothing left behind when idle."""

from __future__ import annotations

import asyncio
import gc

import msgspec
import pytest

from daemon.kernel import (
    Actor,
    ActorFailed,
    ActorRefused,
    AskTimeout,
    MailboxFull,
    UnknownActor,
)
from tests.kernel.sample_actors import POLICY, Fail, Note, RecordedKernel, Recorder, Work, for_each_seed


class Relay(Actor):
    """Asks the recorder it knows, and notes how many of its own messages were handled at once."""

    __slots__ = ("at_once", "busy", "kernel")

    def __init__(self, name: str, kernel: RecordedKernel) -> None:
        super().__init__(name)
        self.kernel = kernel
        self.busy = 0
        self.at_once = 0

    async def receive(self, message: msgspec.Struct) -> object:
        """Hands the message on and returns the answer."""
        self.busy += 1
        self.at_once = max(self.at_once, self.busy)
        answer = await self.kernel.ask("recorder", message, 5)
        self.busy -= 1
        return answer


def test_messages_of_one_sender_are_handled_in_the_order_they_were_sent() -> None:
    """An actor handles what one sender tells it first in, first out, whatever else the loop does."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        for text in ("first", "second", "third"):
            assert kernel.tell(ref, Note(text))
        assert await kernel.ask("recorder", Note("fourth"), 1) == ("first", "second", "third", "fourth")

    for_each_seed(story)


def test_an_actor_handles_one_message_at_a_time() -> None:
    """A second message waits until the first one's `receive` has returned, even while that one waits itself."""

    async def story(kernel: RecordedKernel) -> None:
        kernel.spawn(Recorder("recorder"), POLICY)
        relay = Relay("relay", kernel)
        kernel.spawn(relay, POLICY)
        await asyncio.gather(*(kernel.ask("relay", Work(1), 5) for _ in range(3)))
        assert relay.at_once == 1

    for_each_seed(story)


def test_a_full_mailbox_refuses_and_counts() -> None:
    """The fifth waiting message of an actor bounded to four is refused to teller and asker, and both are counted."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell(ref, Work(10))
        await asyncio.sleep(1)
        assert [kernel.tell(ref, Note(str(number))) for number in range(5)] == [True, True, True, True, False]
        with pytest.raises(MailboxFull, match="4 items"):
            await kernel.ask(ref, Note("no room"), 1)
        assert (kernel.counters.refusals, kernel.counters.overflows) == (2, 2)
        await asyncio.sleep(10)
        assert await kernel.ask(ref, Note("end"), 1) == ("begun", "done", "0", "1", "2", "3", "end")

    for_each_seed(story)


def test_an_ask_ends_at_its_deadline() -> None:
    """An asker hears `AskTimeout` exactly when its time is over, and the actor finishes undisturbed."""

    async def story(kernel: RecordedKernel) -> None:
        loop = asyncio.get_running_loop()
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        with pytest.raises(AskTimeout, match="outcome is unknown"):
            await kernel.ask(ref, Work(10), 3)
        assert loop.time() == 3
        assert kernel.counters.asks_late == 1
        assert await kernel.ask(ref, Note("after"), 20) == ("begun", "done", "after")

    for_each_seed(story)


def test_a_message_whose_asker_has_given_up_is_not_begun() -> None:
    """What waited behind other work until its asker's deadline passed is dropped, not done for nobody."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell(ref, Work(10))
        with pytest.raises(AskTimeout):
            await kernel.ask(ref, Note("too late"), 3)
        assert await kernel.ask(ref, Note("next"), 20) == ("begun", "done", "next")

    for_each_seed(story)


def test_a_cancelled_asker_leaves_the_actor_alone() -> None:
    """Cancelling the asker neither cancels nor fails the actor."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await kernel.ask(ref, Work(5), 60)
        assert await kernel.ask(ref, Note("after"), 20) == ("begun", "done", "after")
        assert kernel.events == []

    for_each_seed(story)


def test_an_answer_that_nobody_reads_any_more_is_no_error() -> None:
    """An asker cancelled in the very instant of its deadline leaves no complaint about an unread exception."""

    async def story(kernel: RecordedKernel) -> None:
        complaints: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context))
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        asker = asyncio.ensure_future(kernel.ask(ref, Work(10), 3))
        loop.call_at(3, asker.cancel)
        await asyncio.wait([asker])
        del asker
        await asyncio.sleep(20)
        gc.collect()
        assert complaints == []

    gc.freeze()  # each collection is of one story, not of everything that was imported
    try:
        for_each_seed(story)
    finally:
        gc.unfreeze()


def test_the_asker_is_told_of_the_failure_with_its_cause() -> None:
    """`ActorFailed` names the actor and carries the actor's own exception as its cause."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        failure = ValueError("no such month")
        with pytest.raises(ActorFailed, match=r"'recorder' failed .* ValueError: no such month") as caught:
            await kernel.ask(ref, Fail(failure), 1)
        assert caught.value.__cause__ is failure

    for_each_seed(story)


def test_an_idle_actor_has_neither_task_nor_mailbox() -> None:
    """Before the first message and after the last one an actor holds no task and no queue, and the kernel no task."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        assert (ref.task, ref.mailbox, kernel.tasks.running()) == (None, None, [])
        asked = [kernel.ask(ref, Note(str(number)), 60) for number in range(3)]
        assert len(await asyncio.gather(*asked)) == 3
        await asyncio.sleep(1)
        assert (ref.task, ref.mailbox, ref.askers, kernel.tasks.running()) == (None, None, (), [])
        assert len(asyncio.all_tasks()) == 1
        deadlines = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        assert all(deadline.cancelled() for deadline in deadlines)

    for_each_seed(story)


def test_a_busy_actor_has_one_named_and_owned_task() -> None:
    """However many messages wait, one task drains them; it is named after the actor and owned by it."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        for _ in range(3):
            kernel.tell(ref, Work(1))
        (task,) = kernel.tasks.running()
        assert (task.get_name(), kernel.tasks.owner_of(task)) == ("recorder", "recorder")

    for_each_seed(story)


class Echo(Actor):
    """Tells itself the same message until it has had 10,000 of them, and never waits."""

    __slots__ = ("kernel", "received")

    def __init__(self, name: str, kernel: RecordedKernel) -> None:
        super().__init__(name)
        self.kernel = kernel
        self.received = 0

    async def receive(self, message: msgspec.Struct) -> None:
        """Goes on by itself."""
        self.received += 1
        if self.received < 10_000:
            self.kernel.tell(self.name, message)


def test_an_actor_that_never_pauses_lets_others_run() -> None:
    """A run of messages without a pause is interrupted after 64 of them, so that no actor holds the loop."""

    async def story(kernel: RecordedKernel) -> None:
        echo = Echo("echo", kernel)
        kernel.tell(kernel.spawn(echo, POLICY), Note("go"))
        while not echo.received:  # noqa: ASYNC110 - turns of the loop are what is counted here
            await asyncio.sleep(0)
        assert echo.received % 64 == 0
        assert echo.received < 10_000

    for_each_seed(story)


def test_an_unknown_name_and_a_taken_name_are_errors() -> None:
    """A message to nobody raises `UnknownActor`, a second actor of one name `ValueError`; both name the name."""

    async def story(kernel: RecordedKernel) -> None:
        kernel.spawn(Recorder("recorder"), POLICY)
        with pytest.raises(ValueError, match="'recorder' exists already"):
            kernel.spawn(Recorder("recorder"), POLICY)
        with pytest.raises(UnknownActor, match="'nobody'"):
            kernel.tell("nobody", Note("?"))
        with pytest.raises(UnknownActor, match="'nobody'"):
            await kernel.ask("nobody", Note("?"), 1)

    for_each_seed(story)


def test_a_removed_actor_finishes_its_message_and_refuses_the_rest() -> None:
    """Removal answers the waiting asker with the reason, frees the name, and lets the present message end."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        ref = kernel.spawn(recorder, POLICY)
        kernel.tell(ref, Work(5))
        await asyncio.sleep(1)
        waiting = asyncio.ensure_future(kernel.ask(ref, Note("waiting"), 60))
        await asyncio.sleep(1)
        kernel.remove("recorder", "the plan no longer has it")
        with pytest.raises(ActorRefused, match="the plan no longer has it"):
            await waiting
        assert not kernel.tell(ref, Note("to a held reference"))
        await asyncio.sleep(5)
        assert recorder.notes == ["begun", "done"]
        assert kernel.counters.parked == 0
        kernel.spawn(Recorder("recorder"), POLICY)

    for_each_seed(story)

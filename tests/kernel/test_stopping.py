"""The stop ladder: ask, cancel, abandon; nothing new begins after it has begun, and it ends in time (I10)."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from daemon.kernel import Actor, EventKind, KernelStopping, Phase, Root, StopReport
from tests.kernel.sample_actors import POLICY, RESTART, Fail, Note, RecordedKernel, Recorder, Work, for_each_seed


class Farewell(Recorder):
    """Notes that it was told of the stop, and may tell another actor of it."""

    __slots__ = ("kernel", "tells")

    def __init__(self, name: str, kernel: RecordedKernel, tells: str | None = None) -> None:
        super().__init__(name)
        self.kernel = kernel
        self.tells = tells

    async def stopping(self) -> None:
        """Says goodbye."""
        self.notes.append("stopping")
        if self.tells is not None:
            await self.kernel.ask(self.tells, Note(f"goodbye from {self.name}"), 1)


class Stubborn(Actor):
    """Swallows every cancellation, as no actor should."""

    __slots__ = ()

    async def receive(self, message: msgspec.Struct) -> None:
        """Never ends."""
        while True:
            try:
                await asyncio.sleep(1_000)
            except asyncio.CancelledError:
                continue


def test_work_under_way_is_finished_and_the_waiting_mail_too() -> None:
    """Actors that end within their time end by themselves, with everything that had been taken before the stop."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        kernel.tell("recorder", Work(2))
        kernel.tell("recorder", Note("waiting"))
        report = await kernel.stop(ask_s=5, cancel_s=1)
        assert recorder.notes == ["begun", "done", "waiting"]
        assert report == StopReport(asked=("recorder",), cancelled=(), abandoned=())
        assert kernel.phase is Phase.ENDED

    for_each_seed(story)


def test_nothing_is_taken_from_outside_once_a_stop_has_begun() -> None:
    """Tells, asks, spawns, resumes and new roots are refused from the moment the stop begins, and again afterwards."""

    async def refused(kernel: RecordedKernel) -> None:
        assert not kernel.tell("recorder", Note("late"))
        with pytest.raises(KernelStopping):
            await kernel.ask("recorder", Note("late"), 1)
        with pytest.raises(KernelStopping):
            kernel.spawn(Recorder("new"), POLICY)
        with pytest.raises(ValueError, match="stopping"):
            kernel.roots.start("new", lambda _root: asyncio.sleep(1), owner="tests", policy=RESTART, essential=False)
        assert not kernel.resume("parked")
        with pytest.raises(RuntimeError, match="already"):
            await kernel.stop(ask_s=1, cancel_s=1)

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        kernel.spawn(Recorder("parked"), POLICY)
        kernel.park("parked", "an operator said so")
        kernel.tell("recorder", Work(2))
        stopping = asyncio.ensure_future(kernel.stop(ask_s=5, cancel_s=1))
        await asyncio.sleep(1)
        assert kernel.is_stopping
        await refused(kernel)
        await stopping
        await refused(kernel)
        assert recorder.notes == ["begun", "done"]

    for_each_seed(story)


def test_timers_and_restarts_do_not_happen_after_a_stop_has_begun() -> None:
    """A timer that would be due and an actor that waits for its restart stay as they are; its asker is refused."""

    async def story(kernel: RecordedKernel) -> None:
        busy, failed = Recorder("busy"), Recorder("failed")
        kernel.spawn(busy, POLICY)
        kernel.spawn(failed, POLICY)
        kernel.tell("busy", Work(10))
        kernel.tell("failed", Fail(ValueError("broken")))
        await asyncio.sleep(0.5)
        for at_s in (3, 1_000):
            kernel.timers.schedule(at_s, kernel.find("busy"), Note("tick"))
        waiting = asyncio.ensure_future(kernel.ask("failed", Note("waits for the restart"), 60))
        await asyncio.sleep(0.1)
        await kernel.stop(ask_s=20, cancel_s=1)
        assert len(kernel.timers) == 0
        with pytest.raises(KernelStopping):
            await waiting
        assert (failed.lives, busy.notes) == (1, ["begun", "done"])

    for_each_seed(story)


def test_a_resume_just_before_the_stop_rebuilds_nothing() -> None:
    """An actor whose rebuilding had not begun when the stop did is left alone."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        kernel.park("recorder", "an operator said so")
        kernel.resume("recorder")
        await kernel.stop(ask_s=5, cancel_s=1)
        assert recorder.lives == 1

    for_each_seed(story)


def test_a_restart_that_falls_due_during_the_stop_is_dropped_in_silence() -> None:
    """A back-off that ends while the ladder cancels starts no task and raises no complaint in the loop."""

    async def story(kernel: RecordedKernel) -> None:
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        failed = Recorder("failed")
        kernel.spawn(failed, POLICY)
        kernel.spawn(Stubborn("stubborn"), POLICY)
        kernel.tell("failed", Fail(ValueError("broken")))
        kernel.tell("stubborn", Note("go"))
        await asyncio.sleep(0.5)
        await kernel.stop(ask_s=0.25, cancel_s=5)
        assert (failed.lives, complaints) == (1, [])

    for_each_seed(story)


def test_a_finishing_root_that_waits_for_its_restart_is_not_restarted() -> None:
    """A stop ends the back-off of a root without running it again."""
    runs: list[float] = []

    async def fail(_root: Root) -> None:
        runs.append(asyncio.get_running_loop().time())
        raise ValueError("broken")

    async def story(kernel: RecordedKernel) -> None:
        runs.clear()
        kernel.spawn(Recorder("recorder"), POLICY)
        kernel.roots.start("publication", fail, owner="tests", policy=RESTART, essential=True, finishes=True)
        await asyncio.sleep(0.5)
        kernel.tell("recorder", Work(3))
        await kernel.stop(ask_s=5, cancel_s=1)
        assert runs == [0]
        assert asyncio.get_running_loop().time() == 0.5 + 3

    for_each_seed(story)


def test_a_finishing_actor_is_refused_by_one_that_will_not_be_restarted() -> None:
    """Who asks a failed actor during a stop hears so at once instead of waiting for a restart that will not come."""

    async def story(kernel: RecordedKernel) -> None:
        asker = Farewell("asker", kernel, tells="failed")
        kernel.spawn(asker, POLICY)
        kernel.spawn(Recorder("failed"), POLICY)
        kernel.tell("failed", Fail(ValueError("broken")))
        await asyncio.sleep(0.5)
        await kernel.stop(ask_s=5, cancel_s=1)
        assert asyncio.get_running_loop().time() == 0.5
        assert "the kernel is stopping" in kernel.events[-1][2]

    for_each_seed(story)


def test_actors_may_finish_among_themselves() -> None:
    """The `stopping` hook comes once, after the waiting mail, and may still ask another actor."""

    async def story(kernel: RecordedKernel) -> None:
        first = Farewell("first", kernel, tells="second")
        second = Farewell("second", kernel)
        for actor in (first, second):
            kernel.spawn(actor, POLICY)
        for number in range(4):
            kernel.tell("first", Note(str(number)))
        await kernel.stop(ask_s=5, cancel_s=1)
        assert first.notes == ["0", "1", "2", "3", "stopping"]
        assert sorted(second.notes) == ["goodbye from first", "stopping"]

    for_each_seed(story)


def test_what_does_not_end_by_itself_is_cancelled() -> None:
    """After `ask_s` a busy actor is cancelled, its asker told, and the mail behind it refused."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        asked = asyncio.ensure_future(kernel.ask("recorder", Work(100), 1_000))
        await asyncio.sleep(1)
        behind = asyncio.ensure_future(kernel.ask("recorder", Note("behind"), 1_000))
        await asyncio.sleep(1)
        report = await kernel.stop(ask_s=5, cancel_s=1)
        assert asyncio.get_running_loop().time() == 2 + 5
        assert report == StopReport(asked=(), cancelled=("recorder",), abandoned=())
        for asker in (asked, behind):
            with pytest.raises(KernelStopping):
                await asker
        assert recorder.notes == ["begun"]

    for_each_seed(story)


def test_a_stop_ends_in_time_although_an_actor_swallows_its_cancellation() -> None:
    """The stubborn actor is abandoned: named, counted, reported; the others end as they should."""

    async def story(kernel: RecordedKernel) -> None:
        healthy = Farewell("healthy", kernel)
        kernel.spawn(healthy, POLICY)
        kernel.spawn(Stubborn("stubborn"), POLICY)
        askers = [asyncio.ensure_future(kernel.ask("stubborn", Note(text), 1_000)) for text in ("now", "behind")]
        await asyncio.sleep(1)
        report = await kernel.stop(ask_s=5, cancel_s=2)
        assert asyncio.get_running_loop().time() == 1 + 5 + 2
        assert report == StopReport(asked=("healthy",), cancelled=(), abandoned=("stubborn",))
        assert kernel.counters.abandoned == 1
        assert kernel.kinds() == [(EventKind.ABANDONED, "stubborn")]
        assert healthy.notes == ["stopping"]
        for asker in askers:
            with pytest.raises(KernelStopping):
                await asker

    for_each_seed(story)


def test_sources_are_cancelled_first_and_finishing_roots_end_last() -> None:
    """A root that brings work in ends at once; one that finishes is told after the actors have ended."""
    ended: list[tuple[str, float]] = []

    async def source(root: Root) -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            ended.append((root.name, asyncio.get_running_loop().time()))

    async def publish(root: Root) -> None:
        await root.stopping.wait()
        await asyncio.sleep(1)
        ended.append((root.name, asyncio.get_running_loop().time()))

    async def story(kernel: RecordedKernel) -> None:
        ended.clear()
        kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell("recorder", Work(3))
        kernel.roots.start("publication", publish, owner="tests", policy=RESTART, essential=True, finishes=True)
        kernel.roots.start("reader", source, owner="tests", policy=RESTART, essential=True)
        await asyncio.sleep(1)
        report = await kernel.stop(ask_s=5, cancel_s=1)
        assert ended == [("reader", 1), ("publication", 4)]
        assert set(report.asked) == {"recorder", "publication", "reader"}
        assert not kernel.fatal.done()

    for_each_seed(story)


def test_a_failure_during_the_stop_is_reported_and_not_restarted() -> None:
    """An exception while stopping is said once, its asker and those behind it are told, and nothing is rebuilt."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        kernel.tell("recorder", Work(1))
        kernel.tell("recorder", Fail(ValueError("broken")))
        behind = asyncio.ensure_future(kernel.ask("recorder", Note("behind"), 60))
        await asyncio.sleep(0.5)
        await kernel.stop(ask_s=5, cancel_s=1)
        with pytest.raises(KernelStopping):
            await behind
        assert kernel.kinds() == [(EventKind.TASK_FAILED, "recorder")]
        assert (recorder.lives, kernel.counters.restarts) == (1, 0)

    for_each_seed(story)


def test_owned_tasks_are_part_of_the_ladder() -> None:
    """A task that an actor started through the kernel is asked, cancelled and named like the actors."""

    async def story(kernel: RecordedKernel) -> None:
        kernel.tasks.start(asyncio.sleep(1_000), name="probe of redis", owner="health")
        report = await kernel.stop(ask_s=2, cancel_s=1)
        assert report.cancelled == ("probe of redis",)

    for_each_seed(story)


def test_a_cancelled_source_brings_nothing_in() -> None:
    """What a reader sends while it unwinds from its cancellation is refused: it is outside work (I10)."""
    accepted: list[bool] = []

    async def story(kernel: RecordedKernel) -> None:
        async def read(_root: Root) -> None:
            try:
                await asyncio.sleep(1_000)
            finally:
                accepted.append(kernel.tell("recorder", Note("one more payment")))

        accepted.clear()
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        kernel.roots.start("reader", read, owner="tests", policy=RESTART, essential=False)
        await asyncio.sleep(1)
        await kernel.stop(ask_s=1, cancel_s=1)
        assert (accepted, recorder.notes) == ([False], [])

    for_each_seed(story)


def test_an_actor_that_is_starting_hears_of_the_stop() -> None:
    """`stopping` follows a `started` that was under way, so what it took is given back."""

    class Slow(Farewell):
        """Takes its time to start."""

        __slots__ = ()

        async def started(self) -> None:
            await asyncio.sleep(2)
            self.notes.append("started")

    async def story(kernel: RecordedKernel) -> None:
        slow = Slow("slow", kernel)
        kernel.spawn(slow, POLICY)
        await asyncio.sleep(1)
        await kernel.stop(ask_s=5, cancel_s=1)
        assert slow.notes == ["started", "stopping"]

    for_each_seed(story)


def test_no_task_begins_once_a_stop_has_come_to_cancelling() -> None:
    """A task that would be begun after the ladder looked is refused, and its coroutine is closed."""

    async def story(kernel: RecordedKernel) -> None:
        await kernel.stop(ask_s=1, cancel_s=1)
        with pytest.raises(KernelStopping):
            kernel.tasks.start(asyncio.sleep(1), name="late", owner="tests")

    for_each_seed(story)

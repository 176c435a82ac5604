"""What is no `Exception` ends the kernel at once instead of being supervised."""

from __future__ import annotations

import asyncio

import pytest

from daemon.kernel import EventKind, Kernel, Phase, Root
from tests.kernel.sample_actors import POLICY, RESTART, SEEDS, Fail, Note, RecordedKernel, Recorder, Work, for_each_seed
from tests.simulation.virtual_loop import SimulatedCrash, run


def test_a_crash_in_an_actor_ends_the_run() -> None:
    """`fatal` raises the crash itself; no restart is counted, no event reported, and nothing is taken any more."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        kernel.spawn(recorder, POLICY)
        kernel.spawn(Recorder("other"), POLICY)
        kernel.tell("recorder", Fail(SimulatedCrash("power is gone")))
        kernel.tell("recorder", Note("never handled"))
        with pytest.raises(SimulatedCrash, match="power is gone"):
            await kernel.fatal
        assert kernel.phase is Phase.ENDED
        assert not kernel.tell("other", Note("?"))
        assert (recorder.notes, kernel.events, kernel.counters.restarts) == ([], [], 0)

    for_each_seed(story)


def test_a_crash_counts_before_anything_else_can_happen() -> None:
    """Whatever runs next after the crashing actor finds the kernel ended already."""

    async def story(kernel: RecordedKernel) -> None:
        found: list[Phase] = []
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell(ref, Fail(SimulatedCrash("power is gone")))
        assert ref.task is not None
        ref.task.add_done_callback(lambda _task: found.append(kernel.phase))
        with pytest.raises(SimulatedCrash):
            await kernel.fatal
        await asyncio.sleep(1)
        assert found == [Phase.ENDED]

    for_each_seed(story)


def test_a_crash_in_a_root_or_a_task_ends_the_run() -> None:
    """A root task and a plain owned task pass a crash on as an actor does."""

    async def crash() -> None:
        raise SimulatedCrash("power is gone")

    async def crash_root(_root: Root) -> None:
        await crash()

    async def with_root(kernel: RecordedKernel) -> None:
        kernel.roots.start("reader", crash_root, owner="tests", policy=RESTART, essential=False)
        with pytest.raises(SimulatedCrash):
            await kernel.fatal

    async def with_task(kernel: RecordedKernel) -> None:
        kernel.tasks.start(crash(), name="probe", owner="tests")
        with pytest.raises(SimulatedCrash):
            await kernel.fatal

    for_each_seed(with_root)
    for_each_seed(with_task)


def test_a_crash_leaves_the_run_of_the_loop() -> None:
    """Awaited in the main coroutine, the crash comes out of `run`, as the test that injected it expects."""

    async def main() -> None:
        kernel = RecordedKernel()
        kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell("recorder", Fail(SimulatedCrash("power is gone")))
        await kernel.fatal

    for seed in SEEDS:
        with pytest.raises(SimulatedCrash):
            run(main, seed)


def test_a_failing_task_is_reported_under_its_owner() -> None:
    """An exception of an owned task that nobody awaits is an event with owner, task and cause."""

    async def fail() -> None:
        raise ValueError("broken")

    async def story(kernel: RecordedKernel) -> None:
        kernel.tasks.start(fail(), name="probe", owner="health")
        await asyncio.sleep(1)
        ((kind, name, detail),) = kernel.events
        assert (kind, name) == (EventKind.TASK_FAILED, "health")
        assert detail.startswith("probe: ValueError: broken")

    for_each_seed(story)


def test_an_event_that_cannot_be_reported_is_fatal() -> None:
    """When `on_event` raises, its exception comes out of `fatal`: no restart goes unseen."""

    def refuse(_kind: EventKind, _name: str, _detail: str) -> None:
        raise OSError("the disk is full")

    async def main() -> None:
        kernel = Kernel(on_event=refuse, jitter=lambda: 1.0)
        kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell("recorder", Fail(ValueError("broken")))
        with pytest.raises(OSError, match="the disk is full"):
            await kernel.fatal

    for seed in SEEDS:
        run(main, seed)


def test_the_end_of_the_loop_is_no_crash() -> None:
    """Work that is closed with its loop unwinds without ending the kernel as a crash would."""
    kernels: list[RecordedKernel] = []

    async def main() -> None:
        kernel = RecordedKernel()
        kernels.append(kernel)
        kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell("recorder", Work(10))
        await asyncio.sleep(1)

    run(main, 0)
    assert (kernels[0].phase, kernels[0].fatal.done()) == (Phase.SERVING, False)

"""Restart with back-off in a window, park, resume; one failure touches nobody else (I11)."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.kernel import ActorFailed, ActorParked, ActorState, EventKind, RestartPolicy
from daemon.kernel.restarts import RestartWindow
from tests.kernel.sample_actors import POLICY, Fail, Note, RecordedKernel, Recorder, Work, for_each_seed

BROKEN = Fail(ValueError("broken"))


async def fail_until_parked(kernel: RecordedKernel, name: str) -> None:
    """Uses up the two restarts of the policy and parks the actor with the third failure."""
    for _ in range(3):
        kernel.tell(name, BROKEN)
        await asyncio.sleep(3)


def test_a_failed_actor_is_rebuilt_and_its_waiting_mail_handled() -> None:
    """The failing message is dropped, what waited behind it is handled by the rebuilt actor after the back-off."""

    async def story(kernel: RecordedKernel) -> None:
        loop = asyncio.get_running_loop()
        recorder = Recorder("recorder")
        ref = kernel.spawn(recorder, POLICY)
        kernel.tell(ref, Note("lost with the memory"))
        kernel.tell(ref, BROKEN)
        assert await kernel.ask(ref, Note("after"), 10) == ("after",)
        assert loop.time() == 1
        assert recorder.lives == 2
        assert kernel.kinds() == [(EventKind.RESTARTING, "recorder")]
        assert kernel.counters.restarts == 1

    for_each_seed(story)


def test_while_it_waits_for_its_restart_an_actor_has_no_task() -> None:
    """A back-off costs a timer of the loop, not a task; the state says what is going on."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell(ref, BROKEN)
        await asyncio.sleep(0.5)
        kernel.tell(ref, Note("waits"))
        assert (ref.state, ref.task) == (ActorState.RESTARTING, None)

    for_each_seed(story)


def test_a_factory_builds_the_actor_anew() -> None:
    """An actor spawned by a factory is replaced by a fresh one, which is `started` like the first."""
    built: list[Recorder] = []

    class Starter(Recorder):
        """Notes its start."""

        __slots__ = ()

        async def started(self) -> None:
            self.notes.append("started")

    def build() -> Recorder:
        built.append(Starter("recorder"))
        return built[-1]

    async def story(kernel: RecordedKernel) -> None:
        built.clear()
        ref = kernel.spawn(build, POLICY)
        assert await kernel.ask(ref, Note("one"), 1) == ("started", "one")
        kernel.tell(ref, BROKEN)
        assert await kernel.ask(ref, Note("two"), 10) == ("started", "two")
        assert [actor.lives for actor in built] == [1, 1]

    for_each_seed(story)


def test_a_start_that_fails_is_supervised() -> None:
    """An exception in `started` restarts the actor like one in `receive`, and mail waits for the start that works."""

    class Reluctant(Recorder):
        """Starts at the second attempt."""

        __slots__ = ()

        async def started(self) -> None:
            raise ConnectionError("not yet")

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Reluctant("recorder"), POLICY)
        assert ref.state is ActorState.STARTING
        assert await kernel.ask(ref, Note("at last"), 10) == ("at last",)
        assert kernel.kinds() == [(EventKind.RESTARTING, "recorder")]

    for_each_seed(story)


def test_too_many_failures_in_the_window_park_the_actor() -> None:
    """The third failure inside the window parks: visible, counted, reported, and every message is refused with why."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        await fail_until_parked(kernel, "recorder")
        assert ref.state is ActorState.PARKED
        assert "2 restarts in 60 s did not help; ValueError: broken" in ref.reason
        assert (kernel.counters.restarts, kernel.counters.parked) == (2, 1)
        assert not kernel.tell(ref, Note("refused"))
        with pytest.raises(ActorParked, match="ValueError: broken"):
            await kernel.ask(ref, Note("refused"), 1)
        assert [kind for kind, _ in kernel.kinds()] == [EventKind.RESTARTING, EventKind.RESTARTING, EventKind.PARKED]

    for_each_seed(story)


def test_failures_outside_the_window_do_not_park() -> None:
    """An actor that fails once in a window, for ever, is restarted for ever."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        for _ in range(10):
            kernel.tell(ref, BROKEN)
            await asyncio.sleep(31)
        assert ref.state is ActorState.RUNNING
        assert kernel.counters.restarts == 10

    for_each_seed(story)


def test_waiting_askers_hear_that_the_actor_was_parked() -> None:
    """Who waits behind the failure that parks gets the refusal at once, not a deadline."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        for _ in range(2):
            kernel.tell(ref, BROKEN)
            await asyncio.sleep(3)
        at_s = asyncio.get_running_loop().time()
        kernel.tell(ref, BROKEN)
        with pytest.raises(ActorParked):
            await kernel.ask(ref, Note("behind"), 60)
        assert asyncio.get_running_loop().time() == at_s

    for_each_seed(story)


def test_an_operator_resumes_a_parked_actor() -> None:
    """Resuming rebuilds the actor, empties its window and is reported; an actor that is not parked is not resumed."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        assert not kernel.resume("recorder")
        await fail_until_parked(kernel, "recorder")
        assert kernel.resume("recorder")
        assert await kernel.ask(ref, Note("back"), 1) == ("back",)
        assert kernel.counters.parked == 0
        assert kernel.kinds()[-1] == (EventKind.RESUMED, "recorder")
        kernel.tell(ref, BROKEN)
        await asyncio.sleep(3)
        assert ref.state is ActorState.RUNNING

    for_each_seed(story)


def test_an_operator_parks_a_working_actor() -> None:
    """Parking finishes the message being handled, refuses what waits, and holds until resumed, also in between."""

    async def story(kernel: RecordedKernel) -> None:
        recorder = Recorder("recorder")
        ref = kernel.spawn(recorder, POLICY)
        kernel.tell(ref, Work(10))
        kernel.tell(ref, Note("waiting"))
        await asyncio.sleep(1)
        assert kernel.park("recorder", "an operator said so")
        assert not kernel.park("recorder", "twice")
        assert kernel.resume("recorder")
        kernel.tell(ref, Note("after"))
        await asyncio.sleep(10)
        assert (recorder.lives, recorder.notes) == (2, ["after"])

    for_each_seed(story)


def test_a_failure_of_a_parked_actor_changes_nothing() -> None:
    """The message that was under way when an operator parked the actor fails: its asker is told, the reason stands."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        asked = asyncio.ensure_future(kernel.ask(ref, Fail(ValueError("broken"), after_s=5), 60))
        await asyncio.sleep(1)
        kernel.park("recorder", "an operator said so")
        with pytest.raises(ActorFailed):
            await asked
        await asyncio.sleep(10)
        assert (ref.state, ref.reason) == (ActorState.PARKED, "an operator said so")
        assert kernel.kinds() == [(EventKind.PARKED, "recorder")]

    for_each_seed(story)


def test_an_actor_parked_while_it_starts_stays_parked() -> None:
    """A start that ends after the parking does not put the actor back to work."""

    class Slow(Recorder):
        """Takes its time to start."""

        __slots__ = ()

        async def started(self) -> None:
            await asyncio.sleep(5)

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Slow("slow"), POLICY)
        await asyncio.sleep(1)
        kernel.park("slow", "an operator said so")
        await asyncio.sleep(10)
        assert ref.state is ActorState.PARKED

    for_each_seed(story)


def test_a_back_off_of_an_earlier_life_restarts_nothing() -> None:
    """After park and resume a new failure waits its own back-off, not the rest of the one before."""

    async def story(kernel: RecordedKernel) -> None:
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kernel.tell(ref, BROKEN)
        await asyncio.sleep(0.25)
        kernel.park("recorder", "an operator said so")
        kernel.resume("recorder")
        await asyncio.sleep(0.25)
        kernel.tell(ref, BROKEN)
        assert await kernel.ask(ref, Note("after"), 10) == ("after",)
        assert asyncio.get_running_loop().time() == 0.5 + 1

    for_each_seed(story)


def test_one_actors_failure_changes_no_other() -> None:
    """While one actor fails until it is parked, another keeps state, life and mail, and every ask is answered."""

    async def story(kernel: RecordedKernel) -> None:
        healthy = Recorder("healthy")
        kernel.spawn(healthy, POLICY)
        kernel.spawn(Recorder("sick"), POLICY)
        for number in range(5):
            kernel.tell("sick", BROKEN)
            await kernel.ask("healthy", Note(str(number)), 0.1)
            await asyncio.sleep(2)
        assert kernel.find("sick").state is ActorState.PARKED
        assert kernel.find("healthy").life == 0
        assert (healthy.lives, healthy.notes) == (1, ["0", "1", "2", "3", "4"])

    for_each_seed(story)


def test_a_cancellation_from_within_is_the_actors_failure() -> None:
    """An actor whose awaited future was cancelled by somebody else is restarted; its asker is told."""

    class Awaiter(Recorder):
        """Awaits something that is cancelled under it."""

        __slots__ = ()

        async def receive(self, message: msgspec.Struct) -> tuple[str, ...]:
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(1, future.cancel)
            await future
            return ()

    async def story(kernel: RecordedKernel) -> None:
        kernel.spawn(Awaiter("awaiter"), POLICY)
        with pytest.raises(ActorFailed, match="CancelledError"):
            await kernel.ask("awaiter", Note("?"), 10)
        assert kernel.kinds() == [(EventKind.RESTARTING, "awaiter")]

    for_each_seed(story)


@given(
    restarts_max=st.integers(0, 6),
    window_s=st.integers(1, 100),
    gaps_s=st.lists(st.integers(0, 40), max_size=40),
)
def test_no_window_ever_holds_more_than_the_allowed_restarts(
    restarts_max: int, window_s: int, gaps_s: list[int]
) -> None:
    """In any stretch as long as the window there are at most `restarts_max` restarts, and no delay passes its bound."""
    policy = RestartPolicy(restarts_max=restarts_max, restart_window_s=window_s, backoff_min_s=1, backoff_max_s=8)
    window = RestartWindow()
    now_s = 0
    allowed_at_s: list[int] = []
    for gap_s in gaps_s:
        now_s += gap_s
        delay_s = window.next_delay_s(now_s, policy, lambda: 1.0)
        if delay_s is None:
            assert sum(at_s > now_s - window_s for at_s in allowed_at_s) == restarts_max
        else:
            assert 1 <= delay_s <= 8
            allowed_at_s.append(now_s)
    for first_s in allowed_at_s:
        assert sum(first_s <= at_s < first_s + window_s for at_s in allowed_at_s) <= restarts_max


def test_the_back_off_doubles_up_to_its_maximum_times_the_jitter() -> None:
    """Restarts in one window wait 1, 2, 4, 8, 10, 10 s with these bounds; the jitter's factor applies to each."""
    policy = RestartPolicy(restarts_max=6, restart_window_s=60, backoff_min_s=1, backoff_max_s=10)
    window = RestartWindow()
    assert [window.next_delay_s(0, policy, lambda: 0.5) for _ in range(7)] == [0.5, 1, 2, 4, 5, 5, None]

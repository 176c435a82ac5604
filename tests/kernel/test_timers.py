"""Timers share one heap and one handle; they belong to one life of their actor."""

from __future__ import annotations

import asyncio
import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.kernel import TimerId
from tests.kernel.sample_actors import POLICY, Fail, Note, RecordedKernel, Recorder, Work, for_each_seed
from tests.simulation.virtual_loop import run


class Stamped(Recorder):
    """Notes when it receives what."""

    __slots__ = ()

    async def receive(self, message: msgspec.Struct) -> tuple[str, ...]:
        """Prefixes the text with the time in seconds."""
        if isinstance(message, Note):
            self.notes.append(f"{asyncio.get_running_loop().time():g} {message.text}")
            return tuple(self.notes)
        return await super().receive(message)


def test_timers_fire_at_their_time_in_their_order() -> None:
    """Messages arrive at their instants; of equal instants the one set first comes first, one in the past at once."""

    async def story(kernel: RecordedKernel) -> None:
        actor = Stamped("stamped")
        ref = kernel.spawn(actor, POLICY)
        await asyncio.sleep(1)
        for at_s, text in ((5, "c"), (3, "a"), (3, "b"), (0, "past")):
            kernel.timers.schedule(at_s, ref, Note(text))
        await asyncio.sleep(10)
        assert actor.notes == ["1 past", "3 a", "3 b", "5 c"]
        assert len(kernel.timers) == 0

    for_each_seed(story)


def test_a_cancelled_timer_does_not_fire() -> None:
    """Cancelling says whether the timer still waited, and only that timer is gone."""

    async def story(kernel: RecordedKernel) -> None:
        actor = Stamped("stamped")
        ref = kernel.spawn(actor, POLICY)
        first = kernel.timers.schedule(1, ref, Note("cancelled"))
        second = kernel.timers.schedule(2, ref, Note("kept"))
        assert kernel.timers.cancel(first)
        assert not kernel.timers.cancel(first)
        await asyncio.sleep(3)
        assert actor.notes == ["2 kept"]
        assert not kernel.timers.cancel(second)

    for_each_seed(story)


def test_cancelled_timers_leave_no_memory() -> None:
    """Setting and cancelling 20,000 far timers keeps the heap within a small multiple of what still waits."""

    async def main() -> None:
        kernel = RecordedKernel()
        ref = kernel.spawn(Recorder("recorder"), POLICY)
        kept = [kernel.timers.schedule(10_000 + number, ref, Note("kept")) for number in range(10)]
        for number in range(20_000):
            kernel.timers.cancel(kernel.timers.schedule(5_000 + number, ref, Note("dropped")))
        assert len(kernel.timers) == len(kept)
        assert len(kernel.timers._heap) <= 100
        assert len(asyncio.get_running_loop()._scheduled) <= 200  # type: ignore[attr-defined]

    run(main, 0)


def test_a_timer_of_an_earlier_life_is_void() -> None:
    """What an actor set before it failed does not reach the rebuilt one, which sets its own timers."""

    async def story(kernel: RecordedKernel) -> None:
        actor = Stamped("stamped")
        ref = kernel.spawn(actor, POLICY)
        kernel.timers.schedule(5, ref, Note("of the first life"))
        kernel.tell(ref, Fail(ValueError("broken")))
        await asyncio.sleep(3)
        kernel.timers.schedule(6, ref, Note("of the second"))
        await asyncio.sleep(10)
        assert actor.notes == ["6 of the second"]

    for_each_seed(story)


def test_a_timer_that_meets_a_full_mailbox_comes_again() -> None:
    """A tick is not lost to an overflow: it is tried again each second until there is room."""

    async def story(kernel: RecordedKernel) -> None:
        actor = Stamped("stamped")
        ref = kernel.spawn(actor, POLICY)
        kernel.tell(ref, Work(10.5))
        await asyncio.sleep(1)
        for number in range(4):
            kernel.tell(ref, Note(str(number)))
        kernel.timers.schedule(5, ref, Note("tick"))
        await asyncio.sleep(20)
        assert actor.notes[-1] == "11 tick"
        assert kernel.counters.overflows == 6

    for_each_seed(story)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=150), st.integers(0, 2**32))
def test_every_timer_fires_once_unless_cancelled(timers: list[tuple[int, bool]], seed: int) -> None:
    """Whatever is set and cancelled, exactly the others are delivered, each at its own instant."""
    received: list[tuple[float, str]] = []

    class Listener(Recorder):
        """Keeps time and text."""

        __slots__ = ()

        async def receive(self, message: msgspec.Struct) -> tuple[str, ...]:
            assert isinstance(message, Note)
            received.append((asyncio.get_running_loop().time(), message.text))
            return ()

    async def main() -> None:
        kernel = RecordedKernel()
        ref = kernel.spawn(Listener("listener"), msgspec.structs.replace(POLICY, mailbox_items_max=1_000))
        to_cancel: list[TimerId] = []
        for number, (at_s, is_cancelled) in zip(itertools.count(), timers, strict=False):
            timer = kernel.timers.schedule(at_s, ref, Note(str(number)))
            if is_cancelled:
                to_cancel.append(timer)
        for timer in to_cancel:
            kernel.timers.cancel(timer)
        await asyncio.sleep(60)
        assert len(kernel.timers) == len(kernel.timers._heap) == 0

    run(main, seed)
    wanted = [(at_s, str(number)) for number, (at_s, is_cancelled) in enumerate(timers) if not is_cancelled]
    assert sorted(wanted) == sorted(received)
